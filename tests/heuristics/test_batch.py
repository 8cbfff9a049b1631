from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.heuristics import measure
from curation.heuristics.batch import filter_batch
from curation.heuristics.config import HeuristicsConfig, ProseRules
from schemas.document import MEASURES
from tests.heuristics.pages import PROSE, batch_of, judged, only
from tests.tokens.naive import texts

ALL = ProseRules(presets=("c4", "fineweb", "llama3", "nemo", "refinedweb", "sft"))
EVERY_RULE = HeuristicsConfig(prose=ALL)
N = 400_000
FLOODS = {
    "escaped formulas": "\\(" * N,
    "formulas": "$a$" * N,
    "navigation": "read more " * N,
    "brackets": "[" * N,
    "references": "[1 " * N,
    "URLs": "https://" * N,
    "marks": "a" + "\u0301" * N,
    "marks on quotes": ("a'" + "\u0301" * 1000) * (N // 1000),
    "joiners": "👩\u200d" * N,
    "flags": "\U0001f1e6" * N,
    "Katakana": "ア" * N,
    "Thai": "ภ" * N,
    "vowels": "เ" * N,
    "Khmer": "\u17d2\u1780" * N,
    "line breaks": "\n" * N,
    "paragraphs": "a\n\n" * N,
    "NUL": "\0" * N,
    "one word": "a" * N,
    "two words": "a b " * N,
    "all different": " ".join(map(str, range(N))),
    "right to left": "\u202e" * N,
    "phrases": "use of lorem ipsum i'm " * N,
    "surrogates": "\ud800" * N,
}


def test_measure_appends_the_route_and_every_measure() -> None:
    batch = batch_of(["\n".join(PROSE), "", None])
    found = measure(batch)
    added = found.schema.names[batch.num_columns :]
    assert added == ["route", *(column.name for column in MEASURES)]
    assert [found.schema.field(column.name).type for column in MEASURES] == [
        column.type for column in MEASURES
    ]
    assert found.select(batch.schema.names).equals(batch)
    for column in MEASURES:
        assert found.column(column.name)[1] == found.column(column.name)[2]


@settings(max_examples=150)
@given(st.lists(st.tuples(texts, st.sampled_from(["en", "zh", "th", "ja", "und"])), max_size=6))
def test_no_page_changes_what_is_found_in_another(pages: list[tuple[str, str]]) -> None:
    whole = batch_of([text for text, _ in pages], language=[language for _, language in pages])
    found = filter_batch(whole, config=EVERY_RULE).to_pylist()
    alone = [filter_batch(whole.slice(row, 1), config=EVERY_RULE) for row in range(len(pages))]
    assert found == [row for batch in alone for row in batch.to_pylist()]


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=3))
def test_bytes_that_are_no_utf8_do_not_stop_it(rows: list[bytes]) -> None:
    binary = pa.array(rows, pa.binary())
    broken = pa.StringArray.from_buffers(len(rows), *binary.buffers()[1:])
    batch = pa.RecordBatch.from_pydict({"text": broken, "language": ["en"] * len(rows)})
    found = measure(batch)
    for column in MEASURES:
        values = found.column(column.name)
        assert len(values) == len(rows)
        if pa.types.is_floating(column.type):
            numbers = values.drop_null().to_numpy()
            assert np.isfinite(numbers).all()
            assert (numbers >= 0).all() or column.name == "divergence_excess"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("flood", FLOODS)
def test_time_grows_with_the_text_and_no_faster(flood: str) -> None:
    """A second or so, where anything quadratic takes many minutes."""
    text = FLOODS[flood].encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    for language in ("en", "zh"):
        assert judged(text, EVERY_RULE, language=language)["drop_reason"] is not None


def test_line_kinds_of_another_length_count_as_prose() -> None:
    text = "\n".join(PROSE)
    assert judged(text, EVERY_RULE, kinds="ccc")["code_ratio"] == 0
    assert judged(text, EVERY_RULE, kinds="c" * len(PROSE))["code_ratio"] == 1


@pytest.mark.parametrize("kinds", ["\u00e9", "\x00\x01", "xy", "pé"])
def test_letters_that_are_no_kinds_count_as_prose(kinds: str) -> None:
    config = only(lines={"no_sentence_end": 1})
    found = judged("---\nThe mill.", config, kinds=kinds)
    assert (found["text"], found["code_ratio"]) == ("The mill.", 0)
    assert found["line_kinds"] in (None, "p")


def test_a_page_of_too_many_lines_is_a_reject_and_takes_no_memory_for_each() -> None:
    text = "Hello" + "\n" * 3_000_000 + "end."
    pages = batch_of([text, "\n".join(PROSE), text])
    found = filter_batch(pages, config=HeuristicsConfig())
    assert found.column("drop_reason").to_pylist() == ["too_many_lines", None, "too_many_lines"]
    assert found.column("failed_rules").to_pylist() == [
        ["too_many_lines"],
        None,
        ["too_many_lines"],
    ]
    assert found.column("n_words").to_pylist() == [None, 90, None]
    assert found.column("text").equals(pages.column("text"))
    assert measure(pages).column("n_words").to_pylist() == [None, 90, None]


def test_pages_of_many_lines_are_looked_at_a_few_at_a_time() -> None:
    texts = ["a\n" * 300_000 + str(n) for n in range(5)] + list(PROSE)
    found = filter_batch(batch_of(texts), config=EVERY_RULE)
    alone = [judged(text, EVERY_RULE) for text in texts]
    for name in ("drop_reason", "failed_rules", "n_words", "duplicate_lines_ratio"):
        assert found.column(name).to_pylist() == [page[name] for page in alone]


def test_a_long_word_is_explained_in_short() -> None:
    found = judged("\n".join([*PROSE, "b" * 5000]), HeuristicsConfig())
    assert found["outlier_words"][0] == "b" * 100


def test_arrays_that_may_be_written_and_others_give_the_same() -> None:
    batch = batch_of(["\n".join(PROSE)])
    with pa.ipc.new_stream(sink := pa.BufferOutputStream(), batch.schema) as stream:
        stream.write_batch(batch)
    read = pa.ipc.open_stream(sink.getvalue()).read_next_batch()
    assert measure(read).equals(measure(batch))


def test_measures_need_no_line_kinds() -> None:
    batch = pa.RecordBatch.from_pydict({"text": ["\n".join(PROSE)], "language": ["en"]})
    assert measure(batch).column("n_words")[0].as_py() == 90
