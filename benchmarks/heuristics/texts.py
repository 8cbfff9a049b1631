"""The texts: pages of a data folder through extraction and language, once.

In: a folder with `warc/*.warc.gz`, and `pages.jsonl.gz` that says what kind of page each record is.
Out: a table with `doc_id`, `text`, `line_kinds`, `language`, and `kind` (null where nobody says).
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

_COLUMNS = ["doc_id", "record_id", "text", "line_kinds", "language"]


def load_texts(data: Path, output: Path, *, warcs: str = "*") -> pa.Table:
    """The texts of some WARC files; the run below `output` goes on or is finished already."""
    command = [sys.executable, "-m", "curation.cli", "run", "--recipe", "default"]
    command += ["--input", f"{data}/warc/{warcs}.warc.gz", "--output", str(output / "run")]
    command += [
        "--set",
        "inputs.0.stages=[extract,language]",
        "--set",
        "splits.target_bytes=4000000",
    ]
    subprocess.run(command, check=True, stdout=sys.stderr)
    texts = ds.dataset(output / "run" / "documents").to_table(columns=_COLUMNS).sort_by("doc_id")
    kinds = _kinds(data / "pages.jsonl.gz")
    found = [kinds.get(record) for record in texts["record_id"].to_pylist()]
    return texts.append_column("kind", pa.array(found, pa.string())).combine_chunks()


def _kinds(index: Path) -> dict[str, str | None]:
    if not index.exists():
        return {}
    with gzip.open(index, "rt", encoding="utf-8") as lines:
        pages = [json.loads(line) for line in lines]
    return {page["record_id"]: page["kind"] or page["source"] for page in pages}
