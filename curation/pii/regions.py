"""Regions whose national telephone numbers a page may have: by its top-level domain and language.

Source: ISO 3166 and IANA's country-code domains; `regions.yaml` for languages.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import phonenumbers
import yaml

_DOMAINS = {"uk": "GB", "eu": "", "su": "RU"}
_NO_COUNTRY = frozenset(
    [
        "ai",
        "am",
        "cc",
        "co",
        "dj",
        "fm",
        "gg",
        "im",
        "io",
        "is",
        "la",
        "me",
        "ms",
        "nu",
        "sc",
        "sh",
        "st",
        "to",
        "tv",
        "vc",
        "ws",
    ]
)
"""Country-code domains that are sold to everybody."""


@cache
def regions_of(language: str | None, host: str | None = None) -> tuple[str, ...]:
    """ISO codes, the domain's first; none where neither tells one."""
    domain = (host or "").rstrip(".").rpartition(".")[2]
    region = "" if domain in _NO_COUNTRY else _DOMAINS.get(domain, domain.upper())
    of_domain = (region,) if region in phonenumbers.SUPPORTED_REGIONS else ()
    of_language = tuple(_table()["languages"].get(language or "", "").split())
    return (*of_domain, *(code for code in of_language if code not in of_domain))


@cache
def _table() -> dict[str, dict[str, str]]:
    file = resources.files("curation.pii").joinpath("regions.yaml")
    table: dict[str, dict[str, str]] = yaml.safe_load(file.read_text("utf-8"))
    return table
