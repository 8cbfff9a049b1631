"""Signatures of several seeds beside the theory: how often pairs meet, how far estimates lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from curation.dedup.lsh import band_keys, candidate_probability, estimate_error
from curation.dedup.minhash import MinHashParams, matrix, signatures

_SEEDS = range(1, 9)
Row = dict[str, Any]
Found = tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]


def curve(corpus: Path, pairs: Path) -> Iterator[Row]:
    """A row for each similarity; `z` is how many standard errors what was met is off the theory."""
    truth = pq.read_table(pairs)
    found = [_of_seed(corpus, truth, MinHashParams(seed=seed)) for seed in _SEEDS]
    met = np.concatenate([of_seed[0] for of_seed in found])
    estimates = np.concatenate([of_seed[1] for of_seed in found])
    similarities = np.tile(truth["jaccard"].to_numpy(), len(_SEEDS))
    params = MinHashParams()
    for similarity in np.unique(similarities).tolist():
        of_it = similarities == similarity
        if of_it.sum() < _FEWEST:
            continue
        theory = candidate_probability(similarity, params.bands, params.rows)
        error = np.sqrt(theory * (1 - theory) / of_it.sum())
        yield {
            "Jaccard": f"{similarity:.3f}",
            "pairs": int(of_it.sum()),
            "met": round(float(met[of_it].mean()), 4),
            "theory": round(theory, 4),
            "z": round(float((met[of_it].mean() - theory) / error), 1) if error else 0.0,
            "mean estimate": round(float(estimates[of_it].mean()), 4),
            "its error": round(float(estimates[of_it].std()), 4),
            "stated": round(estimate_error(similarity, params.n), 4),
        }


_FEWEST = 1000


def _of_seed(corpus: Path, truth: pa.Table, params: MinHashParams) -> Found:
    documents = ds.dataset(corpus).to_table(["id", "text"])
    wanted = pc.is_in(documents["id"], pa.concat_arrays([*truth["a"].chunks, *truth["b"].chunks]))
    documents = documents.filter(wanted).combine_chunks()
    found = matrix(signatures(_array(documents["text"]), params), params)
    keys = band_keys(found, np.zeros(len(found), np.uint64), params)
    ids = _array(documents["id"])
    a, b = (pc.index_in(truth[end], value_set=ids).to_numpy() for end in ("a", "b"))
    return (keys[a] == keys[b]).any(axis=1), (found[a] == found[b]).mean(axis=1)


def _array(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
