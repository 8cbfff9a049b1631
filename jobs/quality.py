"""Keys and verdicts in; verdicts out: `spark-submit jobs/quality.py --output DIR`."""

from __future__ import annotations

import sys

from curation import pipeline
from curation.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("quality", pipeline.quality))
