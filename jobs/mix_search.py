"""Data sets in; the mix that small models learn most from out.

`python jobs/mix_search.py DIR... --output DIR`, with PyTorch, on a CPU or on GPUs; the same command
goes on where it was stopped.
"""

from __future__ import annotations

import sys

from curation.cli import main

if __name__ == "__main__":
    sys.exit(main(["mix-search", *sys.argv[1:]]))
