"""Labels of lid.176 for languages that share lists of words with another one.

Bosnian, Croatian and Serbo-Croatian in Latin letters are one language to such lists, and so are the
Chinese languages. Serbian, mostly in Cyrillic letters, has none.
"""

from __future__ import annotations

_SAME = {"bs": "sh", "hr": "sh", "wuu": "zh", "yue": "zh"}


def list_language(label: str | None) -> str | None:
    """The label whose lists a page in language `label` is judged by."""
    return None if label is None else _SAME.get(label, label)
