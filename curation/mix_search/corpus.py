"""Pages in; for each domain a stream of ids to train on and one to measure on.

A model reads windows of `context` ids and the one after each. The windows of a domain come in one
order for all mixes: a mix that has more of a domain reads further in the same order, so two mixes
differ in their shares and in no draw. Windows, not pages, are shuffled: as few as a small model
reads would else be of a handful of pages. When all are read they begin again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation.mix_search.sample import DomainPages, Page
from curation.mix_search.tokens import Ids, Reader


@dataclass(frozen=True)
class Domain:
    """A domain's pages as ids.

    `found` are all pages that the data sets have; `train` has one array per page, each with its
    end; `held_out` is one stream of pages with so many bytes of UTF-8 each;
    `per_token` is how many ids a token of the data set makes, 1 where these are not counted.
    """

    found: int
    train: Sequence[Ids]
    held_out: Ids
    page_bytes: npt.NDArray[np.int64]
    per_token: float

    @property
    def train_tokens(self) -> int:
        """Ids of all pages to train on."""
        return sum(map(len, self.train))

    def windows(self, count: int, *, context: int, seed: int) -> Iterator[Ids]:
        """The first `count` windows, in an order that `seed` draws; each is `context` + 1 ids."""
        stream = np.concatenate(self.train)
        order = np.random.default_rng(seed).permutation(max(1, len(stream) // context))
        for number in range(count):
            start = order[number % len(order)] * context
            yield np.take(stream, np.arange(start, start + context + 1), mode="wrap")


@dataclass(frozen=True)
class Corpus:
    """All domains, by name, in the order of the default mix; `counted`: shares are of tokens."""

    domains: Mapping[str, Domain]
    vocabulary: int
    end: int
    counted: bool

    def fingerprint(self) -> str:
        """The same for the same pages, read in the same way."""
        digest = hashlib.sha256(f"{self.vocabulary} {self.end} {self.counted}".encode())
        for name, domain in self.domains.items():
            digest.update(f"{name} {domain.per_token!r} {domain.page_bytes.tolist()}".encode())
            for ids in (*domain.train, domain.held_out):
                digest.update(ids.tobytes())
        return digest.hexdigest()


def make_corpus(pages: Mapping[str, DomainPages], reader: Reader) -> Corpus:
    """`pages` as `reader` reads them."""
    counted = all(page.tokens is not None for of in pages.values() for page in of.train)
    domains = {name: _domain(of, reader, counted=counted) for name, of in pages.items()}
    return Corpus(domains, reader.vocabulary, reader.end, counted)


def _domain(of: DomainPages, reader: Reader, *, counted: bool) -> Domain:
    train = [reader.ids(page.text) for page in of.train]
    return Domain(
        found=of.found,
        train=train,
        held_out=np.concatenate([reader.ids(page.text) for page in of.held_out]),
        page_bytes=np.array([len(page.text.encode()) for page in of.held_out]),
        per_token=_per_token(of.train, sum(map(len, train))) if counted else 1.0,
    )


def _per_token(pages: Sequence[Page], ids: int) -> float:
    """Ids per token of the data set; of a page that was cut, as many tokens as of its bytes."""
    read = ((page.tokens or 0) * len(page.text.encode()) / max(1, page.bytes) for page in pages)
    return ids / max(1.0, sum(read))
