"""Building blocks of networks, one file per idea, each with its cheat-sheet."""
