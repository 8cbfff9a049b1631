"""What a page can say against being used to train models."""

from __future__ import annotations

from enum import StrEnum


class OptOut(StrEnum):
    """Spelled as the page says it; hyphens are underscores."""

    NOAI = "noai"
    NOIMAGEAI = "noimageai"
    TDM_RESERVATION = "tdm_reservation"
