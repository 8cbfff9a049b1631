"""Scores, routes and languages in, domains out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.domains.config import DomainsConfig


def decide(
    code: pa.FloatArray,
    math: pa.FloatArray,
    route: pa.StringArray,
    language: pa.StringArray,
    *,
    config: DomainsConfig,
) -> pa.StringArray:
    """`general`, `math`, `code` or `multilingual` for each row."""
    codes, maths = (pc.fill_null(x, 0).to_numpy() for x in (code, math))
    english = pc.fill_null(pc.equal(language, "en"), False).to_numpy(zero_copy_only=False)
    other = np.where(english, "general", "multilingual")
    found = np.where(codes >= config.min_code, "code", other)
    found = np.where((maths >= config.min_math) & (maths > codes), "math", found)
    return pa.array(found, pa.string())
