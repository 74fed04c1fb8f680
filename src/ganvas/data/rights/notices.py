"""Reservations of rights in plain words, as copyright notices and terms of use state them.

A small list on purpose: English only, and only words that name training or mining together with a refusal.
"All rights reserved" is apart: it reserves everything, so it counts where a file states no licence at all.
"""

import re

_MACHINE = r"(?:ai|a\.i\.|artificial intelligence|machine[- ]learning|ml|generative|llms?|models?|neural networks?)"
_TRAINING = rf"(?:{_MACHINE}\b[^.;\n]{{0,30}}?\b(?:train\w*|learning|mining|data ?sets?)|data[- ]mining|tdm)"
_RESERVATIONS = re.compile(
    r"\bno-?ai\b|\bno-?imageai\b"
    rf"|\b(?:no|not|never|without|prohibit\w*|forbid\w*|opt(?:ed|ing)?[- ]out)\b[^.;\n]{{0,60}}?\b{_TRAINING}\b"
    rf"|\b{_TRAINING}\b[^.;\n]{{0,60}}?\b(?:prohibited|forbidden|not (?:allowed|permitted|authori[sz]ed)|reserved)\b"
    rf"|\b(?:no|not|never|without)\b[^.;\n]{{0,40}}?\btrain(?:ing)?\b[^.;\n]{{0,30}}?\b{_MACHINE}\b",
    re.IGNORECASE,
)
_ALL_RESERVED = re.compile(r"\ball rights (?:are )?reserved\b", re.IGNORECASE)


def reserves_training(text: str) -> bool:
    """Return whether a notice refuses training or mining by machines in so many words."""
    return _RESERVATIONS.search(text) is not None


def reserves_everything(text: str) -> bool:
    """Return whether a notice says that all rights are reserved."""
    return _ALL_RESERVED.search(text) is not None
