"""The scan: one pass over the bytes of texts, to the few places where something could start.

`scan_kernel.py` is the pass; it asks `digits_kernel.py` what may start at a digit,
`signs_kernel.py` at other characters, and `characters.py` what a character stands for.
"""

from __future__ import annotations

from curation.pii.scan.characters import NORMAL
from curation.pii.scan.groups import Group
from curation.pii.scan.scan_kernel import find_candidates

__all__ = ["NORMAL", "Group", "find_candidates"]
