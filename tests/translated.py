"""What tests of Russian texts look at: numbers, written as each language writes them, and letters."""

import re
from collections import Counter

CYRILLIC = re.compile("[\u0430-\u044f\u0451]", re.IGNORECASE)
NO_BREAK = "\u00a0"


def numbers(text: str) -> Counter[str]:
    """Return the numbers of a text, "1,024" and "12.6" of English as "1024" and "12.6"."""
    return Counter(re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)))


def as_english(text: str) -> str:
    """Return a Russian text with the numbers as English writes them: 12,6 as 12.6, no spaces within."""
    return re.sub(r"(?<=\d),(?=\d)", ".", text.replace(NO_BREAK, ""))
