"""What looking for personal data brings into a process."""

from __future__ import annotations

import subprocess
import sys

CHECK = """
import sys
from curation.pii.checks.presidio import is_valid
assert is_valid("UsSsnRecognizer", "078-05-1120") is False
print(sorted({"torch", "transformers"} & sys.modules.keys()))
import torch
"""


def test_checks_need_neither_torch_nor_transformers_and_leave_them_to_others() -> None:
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
