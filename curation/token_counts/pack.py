"""Packs a file of ranks as the package carries it; `cl100k_base.md` says where that came from.

    python -m curation.token_counts.pack cl100k_base.tiktoken

Writes NAME.tiktoken.xz beside this module.
"""

from __future__ import annotations

import lzma
import sys
from pathlib import Path

from curation.token_counts.ranks import pack, unpack


def main(source: Path) -> None:
    """Packs one file; raises `ValueError` where it would not come out as it was."""
    content = source.read_bytes()
    packed = pack(content)
    if unpack(packed) != content:
        raise ValueError(f"{source}: its n-th line has not rank n")
    target = Path(__file__).with_name(f"{source.name}.xz")
    target.write_bytes(lzma.compress(packed, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
