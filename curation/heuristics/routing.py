"""Which rules judge a page: those for prose, for code, or for mathematics and reasoning."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.heuristics.config import RoutingConfig


def route(measures: Mapping[str, pa.Array], *, config: RoutingConfig) -> pa.StringArray:
    """`prose`, `code` or `math` for each row; where a page has both, what it has more of."""
    code, formulas = (measures[f"{kind}_ratio"].to_numpy() for kind in ("code", "mathematics"))
    is_math = _reaches(formulas, config.min_mathematics_ratio) & (formulas >= code)
    is_code = _reaches(code, config.min_code_ratio)
    return pa.array(np.where(is_math, "math", np.where(is_code, "code", "prose")), pa.string())


def _reaches(ratios: npt.NDArray[np.float32], least: float | None) -> npt.NDArray[np.bool_]:
    return np.zeros(len(ratios), bool) if least is None else ratios >= least
