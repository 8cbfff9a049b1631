"""How early each page is drawn: rows of keys in, their entries and draw keys out.

A page has an entry for each time that it may be there. Entry k (0, 1, ...) of a page is drawn when
the expected number of its repeats, rate x weight, is over k + u, where u is the page's own number
from 0 to 1, of a seeded hash of its doc_id, and the rate is one number for the whole part of the
mix. So (k + u) / weight, its draw key, orders all entries of a part; whatever the budget, those
drawn are the first ones in this order, and a larger budget draws the same and more. An entry exists
if k + u is under the page's cap: under a cap of 0.3 three pages in ten have one.
(Sequential Poisson sampling: Ohlsson 1998; here with repeats.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.arrow_text import Hashes, Ints
from curation.dedup.buckets import mixed
from curation.domains.config import DomainsConfig
from curation.domains.keys import OF_DOMAINS, domains_of
from curation.mixing.config import MixConfig
from curation.parts import Parts
from schemas.keys import KEYS

Floats = npt.NDArray[np.float64]
READ = ("order_key", "input", "host", "topic", "quality", "encoder_quality", *OF_DOMAINS)
"""The columns of keys that these functions read."""
_DRAWING = 0x9E3779B97F4A7C15  # another hash than the order, which would else tell who is drawn
_LEAST_WEIGHT = 1e-9
_STEP = np.uint64(0x9E3779B97F4A7C15)  # of the golden ratio: repeats lie far apart, however many


@dataclass(frozen=True)
class Chances:
    """Of pages: the part of the mix, their number u, how often each may be there, its weight."""

    parts: pa.StringArray
    numbers: Floats
    entries: Ints
    weights: Floats

    def draw_keys(self, rows: Ints, epochs: Ints) -> Floats:
        """Of the entries `epochs` of pages `rows`."""
        keys: Floats = (epochs + self.numbers[rows]) / self.weights[rows]
        return keys


def kept(parts: Parts, part: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Rows of keys of the documents that are still in, with `READ`, `tokens` and `columns`."""
    return parts.kept(part, KEYS, [*dict.fromkeys((*READ, "tokens", *columns))])


def chances_of(keys: pa.RecordBatch, mix: MixConfig, domains: DomainsConfig) -> Chances:
    """The chances of pages: rows of keys as `Parts.kept` reads them, with the columns `READ`."""
    parts = parts_of_mix(keys, mix, domains)
    numbers = _numbers(keys.column("order_key").to_numpy().view(np.uint64))
    weights = _weights(keys, mix)
    caps = _caps(keys, parts, mix)
    times: Ints = np.ceil(np.maximum(caps - numbers, 0)).astype(np.int64)
    return Chances(parts, numbers, np.where(weights > _LEAST_WEIGHT, times, 0), weights)


def parts_of_mix(keys: pa.RecordBatch, mix: MixConfig, domains: DomainsConfig) -> pa.StringArray:
    """The input, where it has a share of its own, else the domain."""
    own = pc.is_in(keys.column("input"), pa.array([*mix.inputs], pa.string()))
    return pc.if_else(own, keys.column("input"), domains_of(keys, domains))


def _numbers(order_keys: Hashes) -> Floats:
    """In [0, 1), of 53 bits."""
    hashes = mixed((order_keys ^ np.uint64(_DRAWING)).view(np.int64))
    return (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _weights(keys: pa.RecordBatch, mix: MixConfig) -> Floats:
    """By quality: the encoder's, where it told one, else that of the split pass."""
    found = pc.coalesce(keys.column("encoder_quality"), keys.column("quality"))
    quality = found.cast(pa.float64()).to_numpy(zero_copy_only=False)
    if not mix.quality:
        return np.ones(len(quality))
    points = np.array(mix.quality, np.float64)
    weights = np.interp(quality, points[:, 0], points[:, 1])
    return np.where(np.isnan(quality), 1.0, weights)


def _caps(keys: pa.RecordBatch, parts: pa.StringArray, mix: MixConfig) -> Floats:
    of_parts = _looked_up(parts, mix.epochs, mix.max_epochs)
    hosts = {name.lower(): cap for name, cap in mix.hosts.items()}
    of_hosts = _looked_up(keys.column("host"), hosts, np.inf)
    of_topics = _looked_up(keys.column("topic"), mix.topics, np.inf)
    caps: Floats = np.minimum(of_parts, np.minimum(of_hosts, of_topics))
    return caps


def _looked_up(names: pa.StringArray, caps: Mapping[str, float], default: float) -> Floats:
    at = pc.index_in(names, value_set=pa.array([*caps], pa.string())).fill_null(-1).to_numpy()
    return np.array([*caps.values(), default], np.float64)[at]


def entries_of(times: Ints) -> tuple[Ints, Ints]:
    """The page of each entry, and which repeat it is, where pages have so many entries."""
    rows = np.repeat(np.arange(len(times)), times)
    starts = np.cumsum(times) - times
    return rows, np.arange(len(rows)) - starts[rows]


def places_of(order_keys: Ints, epochs: Ints) -> Ints:
    """Where entries lie in the order of shards: repeats are turned on by the golden ratio.

    So all repeats of a stretch of `documents/` lie in one stretch of shards too.
    """
    with np.errstate(over="ignore"):
        turned = order_keys.view(np.uint64) + epochs.astype(np.uint64) * _STEP
    return turned.view(np.int64)


def order_keys_of(places: Ints, epochs: Ints) -> Ints:
    """The order keys of the pages at `places`."""
    with np.errstate(over="ignore"):
        back = places.view(np.uint64) - epochs.astype(np.uint64) * _STEP
    return back.view(np.int64)
