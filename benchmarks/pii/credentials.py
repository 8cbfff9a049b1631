"""Keys and tokens in the shapes that their issuers give them, with random contents."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable

from benchmarks.pii.draw import (
    ALPHANUMERIC,
    BASE32,
    BASE64,
    BASE64_URL,
    DIGITS,
    HEX,
    LETTERS,
    UPPER,
    Draw,
)

_BASE62 = DIGITS + UPPER + UPPER.lower()
_PEM = (
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "DSA PRIVATE KEY",
)
_OPENSSH = base64.b64encode(b"openssh-key-v1\0").decode().rstrip("=")


def _checked(draw: Draw, prefix: str) -> str:
    """GitHub's and npm's: 30 characters and six of their CRC-32."""
    body = draw.of(ALPHANUMERIC, 30)
    number, check = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        check = _BASE62[digit] + check
    return prefix + body + check.rjust(6, "0")


def jwt(draw: Draw) -> str:
    """A signed token whose first two parts are JSON."""
    header = {"alg": draw.choice(("HS256", "RS256")), "typ": "JWT"}
    claims = {"sub": draw.digits(9), "iat": 1_700_000_000 + draw.randrange(10**7)}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part, separators=(",", ":")).encode()).decode()
        for part in (header, claims)
    ]
    return ".".join([*(part.rstrip("=") for part in parts), draw.of(BASE64_URL, 43)])


KEYS: dict[str, Callable[[Draw], str]] = {
    "AWS_ID": lambda d: d.choice(("AKIA", "AKIA", "ASIA")) + d.of(BASE32, 16),
    "GITHUB": lambda d: _checked(d, d.choice(("ghp_", "gho_", "ghs_"))),
    "GITHUB_PAT": lambda d: f"github_pat_{d.of(ALPHANUMERIC, 22)}_{d.of(ALPHANUMERIC, 59)}",
    "GITLAB": lambda d: f"glpat-{d.of(BASE64_URL, 19)}{d.of(ALPHANUMERIC, 1)}",
    "SLACK": lambda d: f"xoxb-{d.digits(12)}-{d.digits(13)}-{d.of(ALPHANUMERIC, 24)}",
    "GOOGLE": lambda d: f"AIza{d.of(BASE64_URL, 34)}{d.of(ALPHANUMERIC, 1)}",
    "STRIPE": lambda d: d.choice(("sk_live_", "rk_live_")) + d.of(ALPHANUMERIC, d.choice((24, 99))),
    "OPENAI": lambda d: f"sk-{d.of(ALPHANUMERIC, 20)}T3BlbkFJ{d.of(ALPHANUMERIC, 20)}",
    "OPENAI_PROJECT": lambda d: (
        f"sk-proj-{d.of(BASE64_URL, 74)}T3BlbkFJ{d.of(BASE64_URL, 73)}{d.of(ALPHANUMERIC, 1)}"
    ),
    "ANTHROPIC": lambda d: f"sk-ant-api03-{d.of(BASE64_URL, 93)}AA",
    "HUGGING_FACE": lambda d: f"hf_{d.of(LETTERS, 34)}",
    "SENDGRID": lambda d: (
        f"SG.{d.of(BASE64_URL, 22)}.{d.of(BASE64_URL, 42)}{d.of(ALPHANUMERIC, 1)}"
    ),
    "NPM": lambda d: _checked(d, "npm_"),
    "PYPI": lambda d: f"pypi-AgEIcHlwaS5vcmc{d.of(BASE64_URL, 150)}{d.of(ALPHANUMERIC, 1)}",
    "TWILIO": lambda d: f"SK{d.of(HEX, 32)}",
    "TELEGRAM": lambda d: (
        f"{d.digits(10).replace('0', '5')}:AA{d.of(BASE64_URL, 32)}{d.of(ALPHANUMERIC, 1)}"
    ),
    "JWT": jwt,
}
"""Those that tell themselves by their shape."""

SECRETS: dict[str, Callable[[Draw], str]] = {
    "AWS_SECRET": lambda d: d.of(BASE64, 39) + d.of(ALPHANUMERIC, 1),
    "HEX_SECRET": lambda d: d.of(HEX, d.choice((32, 40, 64))),
    "SECRET": lambda d: d.of(ALPHANUMERIC, d.randrange(20, 44)),
    "PASSWORD": lambda d: d.of(ALPHANUMERIC, d.randrange(10, 18)) + d.choice(("", "!x7", "_Q2")),
}
"""Those that only a name beside them tells."""


def private_key(draw: Draw, language: str | None = None) -> str:  # noqa: ARG001
    """A block in PEM or of PGP, on lines of its own or in one with escaped line breaks."""
    if draw.random() < 0.15:
        lines = _block(draw, "PGP PRIVATE KEY BLOCK", draw.of(BASE64, draw.randrange(500, 900)))
        lines[1:1] = [""]
        lines[-1:-1] = ["=" + draw.of(BASE64, 4)]
        return "\n".join(lines)
    label = draw.choice(_PEM)
    start = _OPENSSH if label.startswith("OPENSSH") else "MII"
    lines = _block(draw, label, start + draw.of(BASE64, draw.randrange(200, 1600)))
    if label.startswith("RSA") and draw.random() < 0.2:
        iv = draw.of(HEX, 32).upper()
        lines[1:1] = ["Proc-Type: 4,ENCRYPTED", f"DEK-Info: AES-128-CBC,{iv}", ""]
    return draw.choice(("\n", "\n", "\n", r"\n")).join(lines)


def certificate(draw: Draw) -> str:
    """What is public: a certificate or key block."""
    label = draw.choice(("CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE REQUEST"))
    return "\n".join(_block(draw, label, "MII" + draw.of(BASE64, draw.randrange(200, 900))))


def _block(draw: Draw, label: str, body: str) -> list[str]:
    wrapped = draw.cut(body + "=" * (-len(body) % 4 % 3), 64, by="\n").split("\n")
    return [f"-----BEGIN {label}-----", *wrapped, f"-----END {label}-----"]
