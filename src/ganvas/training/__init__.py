"""The game: objective, one round of it, the loop, checkpoints, and the monitor that watches it."""
