"""A finished run in; another mix of it out: `spark-submit jobs/mix_again.py RUN --output DIR`."""

from __future__ import annotations

import sys

from curation.cli import main

if __name__ == "__main__":
    sys.exit(main(["mix", *sys.argv[1:]]))
