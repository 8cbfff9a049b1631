"""Original prose for hand-made pages, given away under CC0 1.0: `prose.txt` in, HTML pages out.

Each line of `prose.txt` is a language code and a paragraph.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

_FILE = Path(__file__).with_name("prose.txt")


def texts_in(language: str) -> tuple[str, ...]:
    """The paragraphs in a language."""
    lines = [line.partition(" ") for line in _FILE.read_text(encoding="utf-8").splitlines()]
    return tuple(text for code, _, text in lines if code == language)


def paragraphs(number: int) -> tuple[str, ...]:
    """Three of the twelve English paragraphs; numbers under 24 give different threes."""
    english = texts_in("en")
    step = 1 + number // len(english)
    return tuple(english[(number + k * (step + k)) % len(english)] for k in range(3))


def page(title: str, texts: tuple[str, ...], *, lang: str = "en", head: str = "") -> str:
    """A small valid HTML document; `head` goes into its head as it is."""
    body = "\n".join(f"<p>{escape(text, quote=False)}</p>" for text in texts)
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n'
        f"<head>{head}<title>{escape(title)}</title></head>\n"
        f"<body>\n<article>\n<h1>{escape(title)}</h1>\n{body}\n</article>\n</body>\n</html>\n"
    )
