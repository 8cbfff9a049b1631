"""How many threads a piece of work leaves behind: told by a process of its own."""

from __future__ import annotations

import subprocess
import sys

_COUNT = (
    "print(sum(open(f).read() != 'jemalloc_bg_thd\\n' for f in glob('/proc/self/task/*/comm')))"
)


def left_by(imports: str, work: str) -> int:
    """The threads that `work` has started and not ended, those of libraries among them."""
    script = f"from glob import glob\n{imports}\n{_COUNT}\n{work}\n{_COUNT}"
    made = subprocess.run(
        [sys.executable, "-c", script], check=True, stdout=subprocess.PIPE, text=True
    )
    before, after = map(int, made.stdout.split())
    return after - before
