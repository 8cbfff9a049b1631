"""Finished runs in; an index for later ones out: `jobs/index.py build RUN --output DIR`.

And indexes in, one out: `jobs/index.py merge INDEX... --output DIR`. Under `spark-submit`.
"""

from __future__ import annotations

import sys

from curation.cli import main

if __name__ == "__main__":
    sys.exit(main(["index", *sys.argv[1:]]))
