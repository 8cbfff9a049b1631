"""Lines that stay, however often they occur: a recipe in, the hashes of these lines out."""

from __future__ import annotations

from curation.arrow_text import Hashes
from curation.artefact import Artefact
from curation.dedup.lines.config import LinesConfig
from curation.dedup.lines.keys import line_hashes
from curation.errors import UserError


def allowed_hashes(config: LinesConfig) -> Hashes:
    """Sorted; lines are the same where their normal forms are."""
    listed = read_allow_list(config.allow_list) if config.allow_list else []
    return line_hashes([*config.allow, *listed])


def read_allow_list(file: Artefact) -> list[str]:
    """The lines of the file; raises `UserError` for what is no UTF-8."""
    try:
        return file.read().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{file.path}: is no list of lines: not UTF-8: {error}") from error
