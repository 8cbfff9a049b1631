"""What makes a host go, by recipe.

hosts:
  min_pages: 50
  pii: {max_rate: 0.5}
  unsafe: {max_rate: null}           # no host goes for this
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class HostPiiConfig:
    """Which pages are heavy in personal data, and of how many a host may be.

    A page is heavy if it was rejected as `too_much_pii`, or has `min_count` finds and more that
    make `min_ratio` of its characters and more. The address and the numbers in the footers of a
    business are fewer; pages of a directory of persons are over it. Looked at is a page that the
    stage `pii` counted; a page of too many numbers to look at tells nothing.
    """

    max_rate: Share | None = 0.3
    min_count: Annotated[int, Field(ge=1)] = 5
    min_ratio: Share = 0.05


@dataclass(frozen=True, kw_only=True)
class HostUnsafeConfig:
    """Which pages are unsafe, and of how many a host may be.

    A page is unsafe if it was rejected as `too_many_dirty_words`, `too_toxic` or `blocked_url`, or
    has more dirty words per word, or more toxicity, than these limits (null: not looked at).
    Looked at is a page that came through the stage `safety`, or is on a list by its URL.
    """

    max_rate: Share | None = 0.2
    max_dirty_words_ratio: Share | None = 0.015
    max_toxicity: Share | None = None


@dataclass(frozen=True, kw_only=True)
class HostsConfig:
    """A host goes whose rate is over `max_rate` (null: none goes) beyond doubt.

    That is, it has `min_pages` that were looked at, and the lower bound of its rate at `confidence`
    is over the limit: by the defaults 12 heavy pages of 20, or 335 of 1,000.
    """

    min_pages: Annotated[int, Field(ge=1)] = 20
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.99
    pii: HostPiiConfig = HostPiiConfig()
    unsafe: HostUnsafeConfig = HostUnsafeConfig()
