"""Splits in; documents, rejects and keys out. Starts the run: takes the options of `curate run`."""

from __future__ import annotations

import sys

from curation.all_splits import extract
from curation.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("extract", extract, starts_run=True))
