"""The page that draws in a browser: its template, style and scripts, and the runtime that they use."""
