"""Makes the bundled sample input: `python curation/sample/build.py DATA_DIR CACHE`.

In: a folder of WARC files with an index `pages.jsonl.gz`, and the packages of `curated.yaml`, which
are fetched into `CACHE` once. Out, beside this script: debdoc, udhr, versions, hostile, planted and
clipped `.warc.gz`, gzip per record, code and math `.jsonl.gz`, `SOURCES.md` and `LICENCES.md`.
Invariant: the same folder and packages give the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from curation.sample.curated import Chosen, choose_curated, jsonl, licences_page
from curation.sample.hostile import hostile_records
from curation.sample.near_duplicates import near_duplicates
from curation.sample.planted import planted_records
from curation.sample.records import capture_time, http_response, response, warcinfo
from curation.sample.selection import (
    Source,
    choose_declarations,
    choose_documentation,
    choose_unused,
    read_index,
    read_sources,
)
from curation.sample.sources_page import sources_page
from curation.sample.versions import version_cases

_HERE = Path(__file__).parent
_MAX_TOTAL_BYTES = 6_000_000
_CLIPPED_PAGES = 12
_CORRUPT_PAGE = 5
_WHAT = {
    "debdoc": "documentation in many languages, with code, formulas and near-duplicates",
    "udhr": "one text in many scripts",
    "versions": "several captures of one URL",
    "hostile": "what a reader of crawls must survive",
    "planted": "invented personal data and secrets, none of which may be in a shard",
    "clipped": "a corrupt record, and a file that ends too early",
    "code": "curated: source files in six languages",
    "math": "curated: pages of a manual and docstrings, with formulas in TeX",
}


def main(folder: Path, cache: Path) -> None:
    """Writes everything and prints an inventory."""
    curated = choose_curated(cache)
    index = read_index(folder)
    chosen = choose_documentation(index)
    documentation = list(read_sources(folder, chosen))
    declarations = list(read_sources(folder, choose_declarations(index)))
    unused = list(read_sources(folder, choose_unused(index, chosen, _CLIPPED_PAGES)))
    duplicates = near_duplicates(documentation)
    repeated = {source.url for group in duplicates for source, _ in group}
    versions = version_cases([s for s in documentation if s.url not in repeated])
    hostile = hostile_records()
    files = [
        _write("debdoc", [_captured(s) for s in documentation]),
        _write("udhr", [_captured(s) for s in declarations]),
        _write("versions", [record for case in versions for record in case.records]),
        _write("hostile", [h.record for h in hostile]),
        _write("planted", planted_records()),
        _write("clipped", _damaged([_captured(s) for s in unused])),
        *(_write_curated(domain, curated) for domain in ("code", "math")),
    ]
    text = sources_page(
        files=files,
        documentation=[(s, e["lang_detected"]) for s, e in zip(documentation, chosen, strict=True)],
        duplicates=duplicates,
        declarations=declarations,
        versions=versions,
        hostile=hostile,
        curated=curated,
    )
    (_HERE / "SOURCES.md").write_text(text, encoding="utf-8")
    (_HERE / "LICENCES.md").write_text(licences_page(curated), encoding="utf-8")
    _report(files)


def _captured(source: Source) -> bytes:
    return response(source.url, http_response(source.body), at=capture_time(source.url))


def _write(name: str, records: Iterable[bytes]) -> tuple[str, int, int, str]:
    file_name = f"{name}.warc.gz"
    members = list(records)
    data = b"".join([warcinfo(file_name, _WHAT[name]), *members])
    (_HERE / file_name).write_bytes(data)
    return file_name, len(members), len(data), _WHAT[name]


def _write_curated(domain: str, curated: Iterable[Chosen]) -> tuple[str, int, int, str]:
    texts = [text for one in curated if one.source.domain == domain for text in one.texts]
    file_name, data = f"{domain}.jsonl.gz", jsonl(texts)
    (_HERE / file_name).write_bytes(data)
    return file_name, len(texts), len(data), _WHAT[domain]


def _damaged(members: list[bytes]) -> list[bytes]:
    """One byte of one member inverted, and half of the last one missing."""
    corrupt = bytearray(members[_CORRUPT_PAGE])
    corrupt[len(corrupt) // 2] ^= 0xFF
    members[_CORRUPT_PAGE] = bytes(corrupt)
    return [*members[:-1], members[-1][: len(members[-1]) // 2]]


def _report(files: list[tuple[str, int, int, str]]) -> None:
    for name, records, size, what in files:
        print(f"{name:18} {records:4} records {size:9,} bytes  {what}")
    total = sum(size for _, _, size, _ in files)
    print(f"{'together':18} {sum(n for _, n, _, _ in files):4} records {total:9,} bytes")
    if total > _MAX_TOTAL_BYTES:
        sys.exit(f"more than {_MAX_TOTAL_BYTES:,} bytes: lower the quotas in selection.py")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
