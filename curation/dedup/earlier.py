"""Earlier runs, whose pages count as versions of a URL too: their manifests in, their keys out."""

from __future__ import annotations

import json

from curation.artefact import Artefact
from curation.errors import UserError
from curation.parts import Parts, parts_of_run


def earlier_run(manifest: Artefact) -> Parts:
    """The parts of a finished run, by its manifest; raises `UserError` for what is none."""
    content = manifest.read()
    try:
        return parts_of_run(manifest.path.rsplit("/", 1)[0], json.loads(content)["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{manifest.path}: is no manifest of a finished run") from error
