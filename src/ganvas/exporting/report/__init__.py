"""The report of an evaluation: one HTML file that answers six questions in words, each with its number."""
