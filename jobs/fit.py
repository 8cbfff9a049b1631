"""Pages in; a reference of words out: `spark-submit jobs/fit.py --input DIR --output FILE`."""

from __future__ import annotations

import sys

from curation.cli import main

if __name__ == "__main__":
    sys.exit(main(["fit", *sys.argv[1:]]))
