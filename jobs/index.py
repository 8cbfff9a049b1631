"""Finished runs in; an index for later ones out: `spark-submit jobs/index.py build RUN --output DIR`.

And indexes in, one index out: `spark-submit jobs/index.py merge INDEX... --output DIR`.
"""

from __future__ import annotations

import sys

from curation.cli import main

if __name__ == "__main__":
    sys.exit(main(["index", *sys.argv[1:]]))
