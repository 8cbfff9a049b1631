"""Keys and verdicts in; shards, ledger, manifest out: `spark-submit jobs/mix.py --output DIR`."""

from __future__ import annotations

import sys

from curation import pipeline
from curation.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("mix", pipeline.after_scores))
