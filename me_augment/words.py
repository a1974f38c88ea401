"""How things are said: counts with their noun, texts from data without what a terminal obeys, likely spellings."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def count(number: int, one: str, many: str = "") -> str:
    """`1 clip`, `2 clips`; `many` where an s does not do (`people`)."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def plain(text: str) -> str:
    """A text as one harmless line: whatever does not print is spelled out (`\\x1b`, `\\n`, `\\u202e`).

    Names come from files of others, and a terminal would obey control characters in them, follow line breaks, and
    turn the order of letters.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def bare(word: str) -> str:
    """A word as it is compared with others: no capitals, no punctuation."""
    return "".join(char for char in word.casefold() if char.isalnum())


def meant(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'synthesize'?` where a known word is like the one given, else nothing."""
    of = {bare(name): name for name in known}
    close = get_close_matches(bare(word), of, n=1)
    return f" Did you mean {of[close[0]]!r}?" if close else ""


def choose(word: str, known: Iterable[str]) -> str:
    """`choose one of warp, fpb-fomm.`, and which of them was meant by a word that is none, as far as can be told."""
    names = list(known)
    return f"choose one of {', '.join(names)}.{meant(word, names)}"
