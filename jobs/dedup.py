"""Keys in; verdicts, hosts out: `spark-submit jobs/dedup.py --output DIR` on an extracted run."""

from __future__ import annotations

import sys

from curation import pipeline
from curation.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("dedup", pipeline.hosts_and_dedup))
