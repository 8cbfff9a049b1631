"""Dumps of Wikipedia and runs in; what is cited, and the pages that are, out.

`spark-submit jobs/wikipedia_references.py DUMP... --run DIR --output DIR`.
"""

from __future__ import annotations

import sys

from curation.cli import main

if __name__ == "__main__":
    sys.exit(main(["wikipedia-references", *sys.argv[1:]]))
