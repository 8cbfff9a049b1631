"""Pages that break extraction engines, made by construction: none of them is worth a file.

Each is as large or as deep as it takes to hurt, and is named after what it has. They are made one
at a time, for together they are half a gigabyte.
"""

from __future__ import annotations

from tests.extract.hostile_markup import markup
from tests.extract.hostile_page import HostilePage
from tests.extract.hostile_texts import texts


def hostile_pages() -> list[HostilePage]:
    """All of them; no two have the same name."""
    return [*markup(), *texts()]
