"""Which pages go into the sample: a folder of WARC files with an index in, lists of pages out.

In: a folder that holds `pages.jsonl.gz`, one JSON object per page, and the WARC files it names.
Out: `Source`s, each a page with its body. Chosen by quotas and a seeded hash, so the same index
gives the same pages. Of the index only Debian documentation (free licences) and the Universal
Declaration of Human Rights are used.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.sample.records import stable_hash

_MAX_BYTES = 60_000
_MAX_BYTES_SYMPY = 80_000  # its menus alone take 70 KB
_MIN_TEXT_CHARS = 500

# Packages by what their pages are about, and how many pages of each.
GENERAL = {
    "debian-handbook": 51,
    "debian-faq": 10,
    "debmake-doc": 12,
    "developers-reference": 4,
    "installation-guide-amd64": 21,
    "lilypond-doc-html": 6,
    "maint-guide": 4,
    "octave-doc": 22,
    "postgresql-doc-15": 60,
}
CODE = {"nodejs-doc": 10, "python-django-doc": 18, "python3.11-doc": 20, "rust-doc": 20}
MATHEMATICS = {
    "gap-doc": 9,
    "giac-doc": 7,
    "libeigen3-doc": 11,
    "maxima-doc": 10,
    "python-sympy-doc": 5,
    "sagemath-doc": 20,
    "singular-doc": 8,
}
LANGUAGES = {
    **dict.fromkeys(("fr", "de", "es", "ru", "ja", "zh"), 10),
    **dict.fromkeys(("it", "ko", "pl", "pt", "tr", "vi"), 7),
    **dict.fromkeys(("ca", "cs", "el", "fi", "id", "nl", "ro", "sv"), 4),
    **dict.fromkeys(("ar", "da", "fa", "hr", "hu"), 3),
}
# Pages that occur in several variants: translations that nobody has translated yet, and manuals
# that are built twice, for browsers with and without MathJax.
FAMILIES = (
    ("debian-handbook", "/sect.syslog.html"),
    ("debian-handbook", "/sect.ipv6.html"),
    ("debian-handbook", "/sect.domain-name-servers.html"),
    ("debian-handbook", "/sect.source-package-structure.html"),
    ("debian-handbook", "/conclusion.html"),
    ("gap-doc", "/ref/chap17.html"),
    ("gap-doc", "/ref/chap17_mj.html"),
    ("gap-doc", "/hpc/chap6.html"),
    ("gap-doc", "/hpc/chap6_mj.html"),
    ("gimp-help", "/plug-in-retinex.html"),
    ("libreoffice-help", "/func_rounddown.html"),
    ("libreoffice-help", "/sbasic/shared/03/lib_schedule.html"),
    ("libreoffice-help", "/sbasic/shared/03/lib_template.html"),
)
_UDHR = (
    "afr", "amh", "arb", "ben", "bod", "cat", "chr_cased", "cmn_hans", "cmn_hant", "cym", "div",
    "dzo", "ell_monotonic", "eng", "eus", "guj", "hau_NG", "heb", "hin", "hye", "ike", "isl",
    "jpn", "kan", "kat", "kaz", "khm", "kor", "lao", "mal", "mya", "nep", "pan", "pes_1", "rus",
    "san", "sin", "swh", "tam", "tel", "tha", "tir", "ukr", "urd", "vai", "vie", "ydd", "yor",
    "zul",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A page as it was found: `package` is a Debian package or "udhr", `path` its file there."""

    url: str
    package: str
    path: str
    language: str
    body: bytes


def read_index(folder: Path) -> list[dict[str, Any]]:
    """The index entries of the two usable sources."""
    with gzip.open(folder / "pages.jsonl.gz", "rt", encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    return [e for e in entries if e["source"] in ("debdoc", "udhr-html")]


def choose_documentation(index: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Quotas of packages and languages, and the families of variants; sorted by URL."""
    pool = [e for e in index if e["source"] == "debdoc" and _is_handy(e)]
    english = [e for e in pool if e["lang_detected"] == "en"]
    chosen: dict[str, dict[str, Any]] = {}
    for quotas in (GENERAL, CODE, MATHEMATICS):
        for package, size in quotas.items():
            found = [e for e in english if _package(e) == package]
            chosen |= {e["url"]: e for e in _first(_one_per_name(found), size)}
    for language, size in LANGUAGES.items():
        found = [e for e in pool if e["lang"] == language == e["lang_detected"]]
        chosen |= {e["url"]: e for e in _first(found, size)}
    for package, ending in FAMILIES:
        found = [e for e in english if _package(e).startswith(package)]
        chosen |= {e["url"]: e for e in found if e["orig"].endswith(ending)}
    return [chosen[url] for url in sorted(chosen)]


def choose_unused(
    index: list[dict[str, Any]], used: list[dict[str, Any]], size: int
) -> list[dict[str, Any]]:
    """English pages that no quota took."""
    urls = {e["url"] for e in used}
    pool = [e for e in index if _package(e) == "postgresql-doc-15" and _is_handy(e)]
    return list(_first([e for e in pool if e["url"] not in urls], size))


def choose_declarations(index: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The Universal Declaration of Human Rights in scripts of the world."""
    names = {f"{code}.html" for code in _UDHR}
    return [e for e in index if e["source"] == "udhr-html" and e["orig"] in names]


def read_sources(folder: Path, entries: Iterable[dict[str, Any]]) -> Iterator[Source]:
    """The entries with their bodies."""
    files: dict[str, bytes] = {}
    for entry in entries:
        name = entry["warc"]
        files[name] = files.get(name) or (folder / name).read_bytes()
        plain = zlib.decompressobj(wbits=31).decompress(files[name][entry["offset"] :])
        body = plain.split(b"\r\n\r\n", 2)[2].removesuffix(b"\r\n\r\n")
        package = "udhr" if entry["source"] == "udhr-html" else _package(entry)
        yield Source(entry["url"], package, entry["orig"], entry["lang"], body)


def _package(entry: dict[str, Any]) -> str:
    return str(entry["orig"].split("/")[0])


def _is_handy(entry: dict[str, Any]) -> bool:
    limit = _MAX_BYTES_SYMPY if _package(entry) == "python-sympy-doc" else _MAX_BYTES
    return bool(entry["bytes"] < limit and entry["text_chars"] >= _MIN_TEXT_CHARS)


def _first(entries: Iterable[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda e: stable_hash(e["url"]))[:size]


def _one_per_name(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of pages with one file name the first by hash: most are one page in several languages."""
    ordered = _first(entries, len(entries))
    return list({e["orig"].rsplit("/", 1)[-1]: e for e in reversed(ordered)}.values())
