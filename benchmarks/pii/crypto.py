"""Addresses of Bitcoin, Litecoin, Dogecoin and Ethereum, with right checksums, for random keys.

Sources: BIP 173, BIP 350, EIP-55, and the Keccak reference.
"""

from __future__ import annotations

import hashlib

from benchmarks.pii.draw import HEX, Draw

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32M = 0x2BC830A3
_VERSIONS = (0x00, 0x05, 0x30, 0x32, 0x1E)  # BTC P2PKH and P2SH, LTC both, DOGE
_ROTATIONS = (
    (0, 36, 3, 41, 18),
    (1, 44, 10, 45, 2),
    (62, 6, 43, 15, 61),
    (28, 55, 25, 21, 56),
    (27, 20, 39, 8, 14),
)
_MASK = (1 << 64) - 1
_RATE = 136


def crypto_address(draw: Draw, language: str | None = None) -> str:  # noqa: ARG001
    """An address of one of eleven kinds."""
    kind = draw.random()
    if kind < 0.4:
        return base58check(draw.choice(_VERSIONS), draw.randbytes(20))
    if kind < 0.7:
        prefix = draw.choice(("bc", "bc", "ltc"))
        version, size = draw.choice(((0, 20), (0, 32), (1, 32)))
        text = bech32(prefix, version, draw.randbytes(size))
        return text.upper() if draw.random() < 0.1 else text
    address = draw.of(HEX, 40)
    return f"0x{address if draw.random() < 0.3 else eip55(address)}"


def base58check(version: int, payload: bytes) -> str:
    """A version byte and a payload with four bytes of checksum."""
    raw = bytes([version]) + payload
    raw += hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4]
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def bech32(prefix: str, version: int, program: bytes) -> str:
    """A witness program; bech32m from version 1 on."""
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += "0" * (-len(bits) % 5)
    data = [version, *(int(bits[at : at + 5], 2) for at in range(0, len(bits), 5))]
    spread = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = _polymod(spread + data + [0] * 6) ^ (_BECH32M if version else 1)
    data += [check >> 5 * (5 - at) & 31 for at in range(6)]
    return f"{prefix}1{''.join(_BECH32[value] for value in data)}"


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for at, term in enumerate(_GENERATOR):
            check ^= term if top >> at & 1 else 0
    return check


def eip55(address: str) -> str:
    """The 40 hexadecimal digits with the case that tells their checksum."""
    check = keccak256(address.encode()).hex()
    return "".join(
        digit.upper() if int(mark, 16) >= 8 else digit
        for digit, mark in zip(address, check, strict=False)
    )


def keccak256(message: bytes) -> bytes:
    """Keccak as Ethereum uses it: the padding from before SHA-3."""
    padded = bytearray(message) + b"\1" + bytes(-(len(message) + 1) % _RATE)
    padded[-1] |= 0x80
    state = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            word = padded[start + 8 * lane : start + 8 * lane + 8]
            state[lane % 5][lane // 5] ^= int.from_bytes(word, "little")
        _permute(state)
    return b"".join(state[lane % 5][lane // 5].to_bytes(8, "little") for lane in range(4))


def _permute(a: list[list[int]]) -> None:
    register = 1
    for _ in range(24):
        c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        d = [c[x - 1] ^ _rotate(c[(x + 1) % 5], 1) for x in range(5)]
        b = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                b[y][(2 * x + 3 * y) % 5] = _rotate(a[x][y] ^ d[x], _ROTATIONS[x][y])
        for x in range(5):
            for y in range(5):
                a[x][y] = b[x][y] ^ (~b[(x + 1) % 5][y] & b[(x + 2) % 5][y])
        for at in range(7):
            register = (register << 1 ^ (register >> 7) * 0x71) % 256
            if register & 2:
                a[0][0] ^= 1 << ((1 << at) - 1)


def _rotate(word: int, by: int) -> int:
    return (word << by | word >> (64 - by)) & _MASK if by else word
