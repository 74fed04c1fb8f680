"""Measurements against other ways to do the same work; see README.md in this folder."""
