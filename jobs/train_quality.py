"""Lists of good and other pages in, a quality model out.

`spark-submit jobs/train_quality.py --positive GLOB --negative GLOB --output DIR --name NAME`.
"""

from __future__ import annotations

import sys

from curation.cli import main

if __name__ == "__main__":
    sys.exit(main(["train-quality", *sys.argv[1:]]))
