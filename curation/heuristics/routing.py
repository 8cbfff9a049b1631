"""Which rules judge a page: those for prose, for code, or for mathematics and reasoning."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from curation.heuristics.config import RoutingConfig


def route(measures: Mapping[str, pa.Array], *, config: RoutingConfig) -> pa.StringArray:
    """The route of each row, by what lines and words show."""
    code = measures["code_ratio"].to_numpy() >= config.min_code_ratio
    mathematics = measures["mathematics_ratio"].to_numpy() >= config.min_mathematics_ratio
    return pa.array(np.where(mathematics, "math", np.where(code, "code", "prose")), pa.string())
