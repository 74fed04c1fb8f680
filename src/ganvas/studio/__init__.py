"""The studio: the same road in a browser. Pages show a workspace; jobs are commands in processes of their own."""
