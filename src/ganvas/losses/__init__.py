"""Losses as pure functions of tensors, with their shapes."""
