"""datatrove in an environment of its own, and texts handed to it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.environment import make_environment
from curation.arrow_text import join_spans
from curation.heuristics.stop_words import bundled_stop_words
from curation.tokens.tokenise import UNSPACED_WORD, Tokens, tokenise

PACKAGES = ("datatrove==0.10.1", "spacy>=3.8,<4", "jieba", "nltk", "regex", "orjson", "pyarrow")
_CODES = (
    "ca:cat cs:ces da:dan de:deu el:ell en:eng es:spa fa:fas fi:fin fr:fra hu:hun id:ind it:ita"
    " nl:nld no:nob pl:pol pt:por ro:ron ru:rus sv:swe tr:tur zh:zho"
)
ISO_639_3 = {code[:2]: code[3:] for code in _CODES.split()}
"""Languages for which the environment has words; by the labels of lid.176."""


class Datatrove:
    """The environment below `output`, made when it is not there."""

    def __init__(self, output: Path) -> None:
        self._folder = output / "datatrove"
        self._python = make_environment(self._folder, PACKAGES)

    def speed(self, texts: pa.Table) -> float:
        """CPU seconds of the four filters over English texts."""
        seconds: float = self._run(texts, "speed")
        return seconds

    def dropped(self, texts: pa.Table, *, by_our_words: bool) -> Mapping[str, Sequence[str]]:
        """The filters, and rules as `filter/rule`, that drop each page, by doc_id."""
        found: Mapping[str, Sequence[str]] = self._run(texts, "ours" if by_our_words else "own")
        return found

    def _run(self, texts: pa.Table, mode: str) -> Any:
        given, answer = self._folder / "texts.parquet", self._folder / f"{mode}.json"
        pq.write_table(_rows(texts), given)
        script = Path(__file__).with_name("datatrove_side.py")
        options = ["-P", "-W", "ignore"]  # -P: its folder would hide the package by this file
        subprocess.run([self._python, *options, script, given, answer, mode], check=True)
        return json.loads(answer.read_text(encoding="utf-8"))


def _rows(texts: pa.Table) -> pa.Table:
    languages = texts["language"].to_pylist()
    lists = bundled_stop_words()
    tokens = tokenise(texts["text"].combine_chunks())
    return pa.table(
        {
            "id": texts["doc_id"],
            "text": texts["text"],
            "language": [ISO_639_3.get(code) for code in languages],
            "stop_words": [list(lists.get(code, ())) or None for code in languages],
            "tokens": _words(tokens, joined=False),
            "stretches": _words(tokens, joined=True),
        }
    )


def _words(tokens: Tokens, *, joined: bool) -> pa.ListArray:
    """The tokens of each row, or what of them stands between blanks."""
    number = tokens.rows[-1]
    starts, ends = tokens.starts[:number], tokens.ends[:number]
    first = np.ones(number, bool)
    if joined:
        apart = np.concatenate([[True], starts[1:] != ends[:-1]])[:number]
        first = apart | (tokens.kinds[:number] & UNSPACED_WORD != 0)
        first[tokens.rows[:-1][tokens.rows[:-1] < number]] = True
    at = np.flatnonzero(first)
    last = np.append(at[1:], number) - 1
    words = join_spans(tokens.data, starts[at], ends[last], np.arange(len(at) + 1))
    offsets = np.searchsorted(at, tokens.rows)
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), words)
