"""Scores, routes and languages in, domains out.

Code and mathematics count in any language, and before the language does. A page that is both is
what it has the higher score for. Of the rest English is `general`; all else is `multilingual`, with
pages whose language is not sure: these are mostly in languages that the identifier does not know.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
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
    """`general`, `math`, `code` or `multilingual` for each row; a null score counts as 0."""
    codes, maths = (pc.fill_null(scores, 0).to_numpy() for scores in (code, math))
    least_code = np.where(_is(route, "code"), config.min_code_routed, config.min_code)
    is_code = codes >= least_code
    is_math = (maths >= config.min_math) & (~is_code | (maths >= codes))
    other = np.where(_is(language, "en"), "general", "multilingual")
    found = np.where(is_math, "math", np.where(is_code, "code", other))
    return pa.array(found, pa.string())


def _is(values: pa.StringArray, value: str) -> npt.NDArray[np.bool_]:
    equal = pc.fill_null(pc.equal(values, value), False)
    found: npt.NDArray[np.bool_] = equal.to_numpy(zero_copy_only=False)
    return found
