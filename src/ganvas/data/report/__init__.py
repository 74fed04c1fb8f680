"""The report of a dataset: one HTML file that needs no network."""
