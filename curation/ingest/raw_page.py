"""One page as its container gives it, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.drop_reason import DropReason


@dataclass(frozen=True, kw_only=True)
class RawPage:
    """Markup (`html`), or `text`, or the reason why there is neither.

    `identity` is what names the record wherever it is found: the WARC-Record-ID. Where it is None
    (rows, records without an id) the record is its id, URL, time and content together, since ids
    of rows are often unique in one file only. What repeats is one record that was listed twice:
    deduplication keeps one of them.
    """

    offset: int
    identity: str | None = None
    record_id: str | None = None
    url: str | None = None
    fetched_at: datetime | None = None
    html: bytes | None = None
    charset: str | None = None
    text: str | None = None
    reason: DropReason | None = None
    detail: str | None = None


def encode(text: str) -> bytes:
    """UTF-8 of any str, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")


def parse_time(value: object) -> datetime | None:
    """A WARC-Date, or what rows hold, in UTC; None for what is no time."""
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
