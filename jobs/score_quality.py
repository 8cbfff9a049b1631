"""Documents and verdicts in; scores out: `python jobs/score_quality.py --output DIR` on Ray.

After jobs/quality.py and before jobs/mix.py, without Spark; also by `ray job submit`.
"""

from __future__ import annotations

import sys

from curation.cli import main

if __name__ == "__main__":
    sys.exit(main(["score", *sys.argv[1:]]))
