"""A finished run in, a language model's judgements of some of its pages out.

`python jobs/annotate.py RUN --output DIR --endpoint URL --model NAME`; the same command goes on
where it was stopped.
"""

from __future__ import annotations

import sys

from curation.cli import main

if __name__ == "__main__":
    sys.exit(main(["annotate", *sys.argv[1:]]))
