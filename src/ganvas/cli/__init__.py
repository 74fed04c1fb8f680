"""The command line: one file per verb, thin skins over the workflows."""
