"""Earlier runs, whose pages count as versions of a URL too: their manifests in, their keys out."""

from __future__ import annotations

import json
from itertools import islice

import pyarrow as pa

from curation.artefact import Artefact
from curation.errors import UserError
from curation.parts import Parts, parts_of_run
from curation.tables import read_file
from schemas.keys import KEYS


def earlier_run(manifest: Artefact) -> Parts:
    """The parts of a finished run, by its manifest; raises `UserError` for what is none."""
    content = manifest.read()
    try:
        parts = parts_of_run(manifest.path.rsplit("/", 1)[0], json.loads(content)["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{manifest.path}: is no manifest of a finished run") from error
    _check_keys(parts)
    return parts


def _check_keys(parts: Parts) -> None:
    """That the first file is there, and is of our kind."""
    keys = (file for part in range(len(parts)) for file in parts.listed(part, KEYS))
    for file in islice(keys, 1):
        try:
            names = read_file(parts.folder, file).schema_arrow.names
        except (pa.ArrowException, OSError) as error:
            uri = f"{parts.folder}/{file['path']}"
            raise UserError(f"{uri}: cannot be read: {error}") from error
        if missing := set(KEYS.arrow.names) - set(names):
            lacking = f"its keys/ have no '{min(missing)}'"
            raise UserError(f"{parts.folder}: is a run of another version: {lacking}")
