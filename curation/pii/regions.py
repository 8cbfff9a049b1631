"""Regions whose national telephone numbers a page may have: by its top-level domain and language.

Source: ISO 3166 and IANA's country-code domains; `regions.yaml` for languages.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import phonenumbers
import yaml

_DOMAINS = {"uk": "GB", "eu": "", "su": "RU"}


@cache
def regions_of(language: str | None, host: str | None = None) -> tuple[str, ...]:
    """ISO codes, the domain's first; none where neither tells one."""
    domain = (host or "").rstrip(".").rpartition(".")[2]
    table = _table()
    names_country = domain not in table["sold_to_everybody"].split()
    region = _DOMAINS.get(domain, domain.upper()) if names_country else ""
    of_domain = (region,) if region in phonenumbers.SUPPORTED_REGIONS else ()
    of_language = tuple(table["languages"].get(language or "", "").split())
    return (*of_domain, *(code for code in of_language if code not in of_domain))


@cache
def _table() -> dict[str, Any]:
    file = resources.files("curation.pii").joinpath("regions.yaml")
    table: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return table
