"""The whole pipeline: `spark-submit jobs/pipeline.py --recipe R --input GLOB... --output DIR`."""

from __future__ import annotations

import sys

from curation.cli import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
