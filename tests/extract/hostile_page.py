"""What a hostile page is, and how one is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

PROSE = "The mill stands by the river, and the wheel turns when the sluice is open. " * 8


@dataclass(frozen=True)
class HostilePage:
    """A page, made when its `html` is asked for, and the charset that came with it."""

    name: str
    make: Callable[[], bytes]
    charset: str | None = "utf-8"

    @property
    def html(self) -> bytes:
        """The page."""
        return self.make()


def page(body: str, head: str = "<title>The mill</title>") -> bytes:
    """`body` with some prose before and after it, which an engine may well find."""
    return (
        f"<!DOCTYPE html><html><head>{head}</head><body><article><p>{PROSE}</p>{body}"
        f"<p>{PROSE}</p></article></body></html>"
    ).encode("utf-8", "surrogatepass")


def of(name: str, body: Callable[[], str], charset: str | None = "utf-8") -> HostilePage:
    return HostilePage(name, lambda: page(body()), charset)


def nested(tag: str, count: int) -> str:
    return f"<{tag}>" * count + "deep" + f"</{tag}>" * count


def repeated(text: str, count: int, *, after: str = "") -> Callable[[], str]:
    return lambda: after + text * count
