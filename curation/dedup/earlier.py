"""Earlier runs, whose pages count as versions of a URL too: their manifests in, their keys out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from curation.artefact import Artefact
from curation.errors import UserError
from curation.parts import Parts, plan_parts
from curation.splits import Split
from schemas.keys import KEYS
from schemas.verdict import VERDICT


def earlier_run(manifest: Artefact) -> Parts:
    """The parts of a finished run, by its manifest; raises `UserError` for what is none."""
    content = manifest.read()
    try:
        files = json.loads(content)["files"]
        keys = [file for file in files if file["table"] == KEYS.name]
        of_splits: dict[int, list[Mapping[str, Any]]] = {}
        for file in keys:
            of_splits.setdefault(Split.number_in(file["path"]), []).append(file)
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{manifest.path}: is no manifest of a finished run") from error
    verdicts = [file for file in files if file["table"] == VERDICT.name]
    folder = manifest.path.rsplit("/", 1)[0]
    parts = plan_parts(folder, of_splits, dict.fromkeys(of_splits, ""), KEYS)
    return replace(parts, verdicts=verdicts)
