"""Changes of coordinates between stored bytes and what a network sees; `ganvas.data.scaling` is their front."""
