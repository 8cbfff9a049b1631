"""WARC bytes, and what a reader makes of them cut in any number of splits."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from curation.ingest.config import IngestConfig
from curation.ingest.raw_page import RawPage
from curation.ingest.responses import read_conversion, read_response
from curation.ingest.warc import Damage, Record, read_records
from curation.splits import Split

DEFAULT = IngestConfig()
Seen = tuple[int, str, bytes]  # offset, WARC-Record-ID, block


def record(
    block: bytes,
    *,
    record_id: str = "a",
    kind: str = "response",
    length: str | None = "",
    extra: bytes = b"",
) -> bytes:
    """One WARC record; `length` replaces the true Content-Length, None leaves it out."""
    media = b"text/plain" if kind == "conversion" else b"application/http; msgtype=response"
    header = b"WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:%s>\r\n" % (
        kind.encode(),
        record_id.encode(),
    )
    header += b"WARC-Target-URI: http://example.com/%s\r\n" % record_id.encode()
    header += b"WARC-Date: 2024-05-06T07:08:09Z\r\nContent-Type: %s\r\n" % media
    if length is not None:
        header += b"Content-Length: %s\r\n" % (length.encode() or b"%d" % len(block))
    return header + extra + b"\r\n" + block + b"\r\n\r\n"


def http(
    body: bytes,
    *headers: bytes,
    status: bytes = b"HTTP/1.1 200 OK",
    content_type: bytes | None = b"text/html",
) -> bytes:
    """An HTTP response."""
    lines = [status, *([b"Content-Type: " + content_type] if content_type else []), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def member(data: bytes, level: int = 6) -> bytes:
    """A gzip member, the same bytes every time."""
    return gzip.compress(data, level, mtime=0)


def bgzf(data: bytes, block: int = 1 << 16) -> bytes:
    """As bgzip writes: members of `block` unpacked bytes, wherever records start; one empty."""
    pieces = [data[at : at + block] for at in range(0, len(data), block)]
    return b"".join(_bgzf_block(piece) for piece in [*pieces, b""])


def _bgzf_block(data: bytes) -> bytes:
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = deflate.compress(data) + deflate.flush()
    head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + struct.pack("<H", len(packed) + 25)
    return head + packed + struct.pack("<II", zlib.crc32(data), len(data))


def save(folder: Path, name: str, data: bytes) -> str:
    """Writes a file; returns its URI."""
    path = folder / name
    path.write_bytes(data)
    return str(path)


def cut(uri: str, inner: Sequence[int] = (), *, form: str = "warc") -> list[Split]:
    """The file `uri` as splits, cut at the bytes `inner`."""
    size = Path(uri).stat().st_size
    cuts = [0, *sorted(at for at in inner if 0 <= at <= size), size]
    return [
        Split(number, 0, form, uri, size, start, end)
        for number, (start, end) in enumerate(pairwise(cuts))
    ]


def equal_cuts(uri: str, target_bytes: int, *, form: str = "warc") -> list[Split]:
    """The file `uri` in splits of `target_bytes`."""
    return cut(uri, range(target_bytes, Path(uri).stat().st_size, target_bytes), form=form)


def read(splits: Sequence[Split]) -> tuple[list[Seen], list[Damage]]:
    """Every record of `splits` in order, and the damage."""
    damage: list[Damage] = []
    seen = [_seen(found) for split in splits for found in read_records(split, damage)]
    return seen, damage


def _seen(found: Record) -> Seen:
    record_id = found.warc.headers.get("WARC-Record-ID") or ""
    return found.offset, record_id[len("<urn:uuid:") : -1], bytes(found.warc.reader.read())


def pages_of(uri: str, config: IngestConfig = DEFAULT) -> tuple[list[RawPage], list[Damage]]:
    """What the response and conversion records of a whole file become."""
    damage: list[Damage] = []
    return list(_pages(cut(uri), config, damage)), damage


def _pages(splits: list[Split], config: IngestConfig, damage: list[Damage]) -> Iterator[RawPage]:
    readers: dict[str, Callable[[Record, IngestConfig], RawPage]] = {
        "response": read_response,
        "conversion": read_conversion,
    }
    for split in splits:
        for found in read_records(split, damage):
            if found.type in readers:
                yield readers[found.type](found, config)
