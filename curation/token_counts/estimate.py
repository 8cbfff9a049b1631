"""Tokens of texts that nobody counts: languages and lengths in, estimates out.

`estimate.json` has, per language, the tokens of `bundled:cl100k_base` in a thousand bytes of prose,
and how many more (or fewer) pages of code and of mathematics have. It was fitted on pages and
sentences (`fit_estimate`); BENCHMARKS.md says how far it is off. A language that was not fitted
counts as the middle one of those with its script, and one of which nothing is known as English.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import pyarrow as pa

TOKENIZER = "bundled:cl100k_base"
"""What estimates are estimates of."""
FILE = "estimate.json"


@dataclass(frozen=True)
class Rates:
    """Tokens per thousand bytes by language, and what these are multiplied by for each route."""

    languages: Mapping[str, float]
    scripts: Mapping[str, float]
    routes: Mapping[str, float]

    def of(self, language: str | None) -> float:
        """Tokens per thousand bytes of prose."""
        if found := self.languages.get(language or ""):
            return found
        script = script_of(language or "")
        return self.scripts.get(script or "", self.languages["en"])

    def estimate(
        self,
        languages: pa.StringArray,
        text_bytes: pa.Int64Array,
        routes: pa.StringArray | None = None,
    ) -> pa.Int32Array:
        """Tokens of texts of these lengths; null where the length is. At least one of any text."""
        rates = _looked_up(languages, self.of)
        if routes is not None:
            rates = rates * _looked_up(routes, lambda route: self.routes.get(route or "", 1.0))
        sizes = text_bytes.fill_null(0).to_numpy()
        tokens = np.maximum(np.rint(sizes * rates / 1000), sizes > 0)
        tokens = np.minimum(tokens, np.iinfo(np.int32).max).astype(np.int32)
        return pa.array(tokens, mask=text_bytes.is_null().to_numpy(zero_copy_only=False))


def estimate(
    languages: pa.StringArray, text_bytes: pa.Int64Array, routes: pa.StringArray | None = None
) -> pa.Int32Array:
    """Tokens of texts in these languages, so many bytes long, by the rates of the package."""
    return bundled_rates().estimate(languages, text_bytes, routes)


@cache
def bundled_rates() -> Rates:
    """Those that come with the package."""
    return Rates(**json.loads(_resource(FILE)))


@cache
def _scripts() -> Mapping[str, str]:
    return {
        language: script
        for script, languages in json.loads(_resource("scripts.json")).items()
        for language in languages.split()
    }


def script_of(language: str) -> str | None:
    """The script that a language of lid.176 is mostly written in, by its code of ISO 15924."""
    return _scripts().get(language)


def _resource(name: str) -> str:
    return resources.files("curation.token_counts").joinpath(name).read_text("utf-8")


def _looked_up(
    names: pa.StringArray, rate_of: Callable[[str | None], float]
) -> npt.NDArray[np.float64]:
    """The rate of each name; each different one is asked for once."""
    coded = names.dictionary_encode(null_encoding="encode")
    rates = np.array([rate_of(name) for name in coded.dictionary.to_pylist()], np.float64)
    return rates[coded.indices.to_numpy()]
