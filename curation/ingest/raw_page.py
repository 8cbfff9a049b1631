"""One page as its container gives it, before anything is made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from schemas.drop_reason import DropReason
from schemas.opt_out import OptOut


@dataclass(frozen=True, kw_only=True)
class RawPage:
    """Markup (`html`), or `text`, or the reason why there is neither.

    `named` says that id, URL and time name the record wherever it is found, as a WARC-Record-ID
    does (URL and time guard against crawlers that repeat ids). Otherwise (rows, records without an
    id) the content is part of the name, since ids of rows are often unique in one file only. What
    repeats is one record that was listed twice: deduplication keeps one of them.
    """

    offset: int
    file: str | None = None  # where that is not the split's own
    named: bool = False
    record_id: str | None = None
    url: str | None = None
    fetched_at: datetime | None = None
    html: bytes | None = None
    charset: str | None = None
    text: str | None = None
    opt_outs: tuple[OptOut, ...] | None = None  # by its headers, where it has some
    reason: DropReason | None = None
    detail: str | None = None


def encode(text: str) -> bytes:
    """UTF-8 of any str, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")


def parse_time(value: object) -> datetime | None:
    """A time in UTC; None for what is none.

    Reads ISO 8601 (WARC-Date), the 14 digits of CDX indexes, seconds or milliseconds since 1970,
    and HTTP dates.
    """
    try:
        time = value if isinstance(value, datetime) else _parse(str(value).strip())
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _parse(text: str) -> datetime:
    if re.fullmatch(r"\d{14}", text):
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    if re.fullmatch(r"\d{9,13}(\.\d+)?", text):
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds >= 1e11 else seconds, UTC)
    if text[:1].isalpha():
        return parsedate_to_datetime(text)
    return datetime.fromisoformat(text)
