"""Serving: trained models over HTTP, and the guard at the door that the studio shares."""
