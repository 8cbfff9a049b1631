"""Presidio's recognizers as checks of what was matched, rather than of whole texts.

Their own `analyze` compiles results, explanations and logs for each pattern, which costs more than
all else that is done for a candidate. The package takes a second to import (spaCy is with it), so
it is imported when there is something to check; and without PyTorch and transformers, which it
would look for: where they are installed these are three more seconds and 300 MB of each worker.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache


def is_valid(recognizer: str, text: str) -> bool:
    """Whether a recognizer, by the name of its class, takes a text for one of its own.

    By its check digits, and its list of what is no such number.
    """
    return _check_of(recognizer)(text)


@contextmanager
def _hidden(*packages: str) -> Iterator[None]:
    """What is imported here finds these packages missing, unless the process has them already."""
    new = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(new))  # type: ignore[arg-type]  # None: not to be imported
    try:
        yield
    finally:
        for name in new:
            del sys.modules[name]


@cache
def _check_of(name: str) -> Callable[[str], bool]:
    with _hidden("torch", "transformers"):
        from presidio_analyzer import predefined_recognizers

    recognizer = getattr(predefined_recognizers, name)()

    def check(text: str) -> bool:
        return recognizer.validate_result(text) is not False and not recognizer.invalidate_result(
            text
        )

    return check
