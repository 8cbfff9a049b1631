"""A finished run in; it without some pages out: `spark-submit jobs/remove.py RUN --urls FILE`."""

from __future__ import annotations

import sys

from curation.cli import main

if __name__ == "__main__":
    sys.exit(main(["remove", *sys.argv[1:]]))
