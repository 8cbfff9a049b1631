"""Hashes as their definitions say them, in Python's own numbers."""

from __future__ import annotations

MASK = (1 << 64) - 1


def finish(value: int) -> int:
    """The last step of MurmurHash3."""
    value &= MASK
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & MASK
    return value ^ value >> 33


def absorb(value: int, more: int) -> int:
    """One more number into a hash that is not yet finished."""
    value = (value ^ more & MASK) * 0xD6E8FEB86659FD93 & MASK
    return value ^ value >> 32
