"""The batch function of the stage: `text`, `language`, `opt_outs` in, `toxicity` and reasons out.

Measured first, decided after. An opt-out goes before toxicity, for it holds whatever the text says.
Dirty words are counted where words are: by the heuristics.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from classifiers.toxicity import measure_toxicity
from curation.safety.config import SafetyConfig
from schemas.arrow import with_columns
from schemas.drop_reason import DropReason

Verdict = tuple[DropReason, str]


def safety_batch(batch: pa.RecordBatch, *, config: SafetyConfig) -> pa.RecordBatch:
    """`batch` with `toxicity` appended; sets `drop_reason` and `detail` by what `config` rejects.

    Without a column `language` toxicity is null, without `opt_outs` nobody has opted out.
    """
    toxicity = _measure(batch)
    verdicts = _verdicts(batch, toxicity, config)
    columns = {
        name: pa.array([verdict and verdict[at] for verdict in verdicts], pa.string())
        for at, name in enumerate(("drop_reason", "detail"))
    }
    return with_columns(batch, {**columns, "toxicity": toxicity})


def _measure(batch: pa.RecordBatch) -> pa.FloatArray:
    if "language" not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.float32())
    return measure_toxicity(batch.column("text"), batch.column("language").to_pylist())


def _verdicts(
    batch: pa.RecordBatch, toxicity: pa.FloatArray, config: SafetyConfig
) -> list[Verdict | None]:
    verdicts: list[Verdict | None] = [None] * batch.num_rows
    for row in map(int, np.flatnonzero(_over(toxicity, config.max_toxicity))):
        detail = f"toxicity {toxicity[row].as_py():.6g} over {config.max_toxicity:.6g}"
        verdicts[row] = DropReason.TOO_TOXIC, detail
    if config.opt_outs and "opt_outs" in batch.schema.names:
        for row, made in enumerate(batch.column("opt_outs").to_pylist()):
            if named := sorted(set(made or ()) & set(config.opt_outs)):
                verdicts[row] = DropReason.OPTED_OUT, ", ".join(named)
    return verdicts


def _over(values: pa.FloatArray, limit: float | None) -> npt.NDArray[np.bool_]:
    """Null, as NaN, is not over anything."""
    floats = values.to_numpy(zero_copy_only=False).astype(np.float64)
    over: npt.NDArray[np.bool_] = floats > (np.inf if limit is None else limit)
    return over
