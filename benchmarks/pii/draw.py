"""Random parts of values; the same for the same seed."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

DIGITS = string.digits
HEX = string.digits + "abcdef"
UPPER = string.ascii_uppercase
LOWER = string.ascii_lowercase
LETTERS = string.ascii_letters
ALPHANUMERIC = LETTERS + DIGITS
BASE64 = ALPHANUMERIC + "+/"
BASE64_URL = ALPHANUMERIC + "-_"
BASE32 = UPPER + "234567"

Maker = Callable[["Draw"], str]
_TRIES = 20_000


class Draw(random.Random):
    """A source of random parts."""

    def of(self, alphabet: str, size: int) -> str:
        """So many characters of an alphabet."""
        return "".join(self.choices(alphabet, k=size))

    def digits(self, size: int) -> str:
        """So many digits."""
        return self.of(DIGITS, size)

    def cut(self, text: str, *sizes: int, by: str = " ") -> str:
        """The text in groups of these sizes; the last of them is used for all that follow."""
        parts, start, at = [], 0, 0
        while start < len(text):
            size = sizes[min(at, len(sizes) - 1)]
            parts.append(text[start : start + size])
            start, at = start + size, at + 1
        return by.join(parts)

    def until(self, make: Maker, is_valid: Callable[[str], bool]) -> str:
        """The first value made that is valid."""
        for _ in range(_TRIES):
            value = make(self)
            if is_valid(value):
                return value
        raise ValueError(f"no valid value in {_TRIES} tries")
