from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.heuristics.batch import filter_batch
from curation.heuristics.config import HeuristicsConfig, Limits, ProseRules
from schemas.cut import cut_rows
from tests.heuristics.pages import PROSE, UNROUTED, batch_of, judged, only
from tests.tokens.naive import words_of

EVERY_LINE_RULE = HeuristicsConfig(
    routing=UNROUTED, prose=ProseRules(presets=("refinedweb", "c4"), pages={"too_few_words": None})
)
parts = st.sampled_from(
    ["Read more", " read  more", "Sign in ", "[3]", " [edit]", "3 likes", "items in cart"]
)
some_line = st.lists(
    parts | st.sampled_from([*PROSE, "The mill", "JAVASCRIPT", "", " ", "水。"]), max_size=3
)
some_text = st.lists(some_line.map("".join), max_size=8).map("\n".join)


def without(line: str, cuts: list[dict[str, Any]]) -> str:
    """The line after its cuts, from left to right."""
    left, at = "", 0
    for cut in cuts:
        start = line.index(cut["text"], at)
        left += line[at:start]
        at = start + len(cut["text"])
    return left + line[at:]


@settings(max_examples=400)
@given(st.lists(some_text, max_size=4), st.data())
def test_what_is_left_and_what_is_cut_make_the_text(rows: list[str], data: st.DataObject) -> None:
    kinds = [
        data.draw(st.none() | st.text("pcmth", min_size=n, max_size=n))
        for n in (text.count("\n") + 1 for text in rows)
    ]
    found = filter_batch(batch_of(rows, line_kinds=kinds), config=EVERY_LINE_RULE).to_pylist()
    for text, of_lines, page in zip(rows, kinds, found, strict=True):
        if page["drop_reason"]:
            assert (page["text"], page["line_kinds"], page["cuts"]) == (text, of_lines, None)
            continue
        cuts = page["cuts"] or []
        left, left_kinds = [], ""
        for number, line in enumerate(text.split("\n")):
            of_line = [cut for cut in cuts if cut["line"] == number]
            if [cut["whole"] for cut in of_line] == [True]:
                assert of_line[0]["text"] == line
                assert line.strip()
                continue
            assert not any(cut["whole"] for cut in of_line)
            left.append(without(line, of_line))
            left_kinds += of_lines[number] if of_lines else ""
            if of_lines and of_lines[number] in "cmt":
                assert not of_line
        assert page["text"] == "\n".join(left)
        assert page["line_kinds"] == (left_kinds if of_lines is not None else None)
        assert page["n_cut_lines"] == len({cut["line"] for cut in cuts})
        assert (page["n_words_left"] is None) == (not cuts)
        lost = page["n_words"] - len(words_of(page["text"]))
        assert page["corrected_words_ratio"] <= lost / max(page["n_words"], 1) + 1e-6
        if page["n_words_left"] is not None:
            joined = page["n_words_left"] - len(words_of(page["text"]))  # as in 'mill[3]wheel'
            assert 0 <= joined <= len([cut for cut in cuts if not cut["whole"]])


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("The old mill. Read more", "The old mill."),
        ("Sign in The old mill.", "The old mill."),
        ("Two items in cart now.", "Two now."),
        ("The mill [3] turned.[edit]", "The mill turned."),
        ("The mill turned. [citation needed]", "The mill turned."),
        ("»Read more«", None),
        ("[edit]", None),
        ("[1] [2] The mill [3] [4] turned. [5] [6]", "The mill turned."),
        ("[] Sign in The mill turned.", "The mill turned."),
        ("[ ] The mill turned.", "[ ] The mill turned."),
        ("The mill[] turned.", "The mill turned."),
    ],
)
def test_parts_go_with_the_blanks_before_them(line: str, left: str | None) -> None:
    text = "\n".join([*PROSE, line])
    found = judged(text, only(lines={"navigation": 0, "reference": 0}))
    assert found["text"] == "\n".join([*PROSE, left] if left is not None else PROSE)


def test_a_line_goes_for_the_first_rule_that_it_fails() -> None:
    text = "\n".join([*PROSE, "3 LIKES", "NEXT PAGE OF THE MENU"])
    rules: Limits = {"mostly_upper_case": 0.5, "counter": 0, "no_sentence_end": 1}
    found = judged(text, only(lines=rules))
    assert [cut["reason"] for cut in found["cuts"]] == ["no_sentence_end"] * 2
    found = judged(text, only(lines={**rules, "no_sentence_end": None}))
    assert [cut["reason"] for cut in found["cuts"]] == ["mostly_upper_case"] * 2


@pytest.mark.parametrize("text", ["---\n***\n---", "[ ]", "[]", "---", "Read more"])
def test_a_page_that_would_stay_without_a_word_goes(text: str) -> None:
    rules = ProseRules(presets=("refinedweb", "c4"), pages={"too_few_sentences": None})
    found = judged(text, HeuristicsConfig(routing=UNROUTED, prose=rules))
    assert found["drop_reason"] == "too_few_words_left"
    assert found["text"] == text


def test_only_refinedwebs_own_cuts_make_too_much() -> None:
    text = "\n".join(
        [*PROSE, *(f"A line of the menu that has no end {n}" for n in range(9)), "3 likes"]
    )
    rules: Limits = {"no_sentence_end": 1, "counter": 0}
    found = judged(text, only({"too_much_cut": 0.05}, rules))
    assert (found["drop_reason"], found["n_cut_lines"]) == (None, 10)
    found = judged(text, only({"too_much_cut": 0.005}, {"counter": 0}))
    assert found["drop_reason"] == "too_much_cut"
    assert found["detail"].endswith(" over 0.005, cut by counter 1")
    found = judged(text, only({"too_few_words_left": 900}, rules))
    assert found["detail"].endswith(" under 900, cut by no_sentence_end 10")


@pytest.mark.parametrize(
    "end", ["nicht.“", "nicht.‘", "nicht.«", "nicht.»", "nicht.”", 'nicht."', "nicht!"]
)
def test_a_sentence_may_end_in_any_closing_quotation_mark(end: str) -> None:
    text = "\n".join([*PROSE, f"Er sagte, das geht {end}"])
    assert judged(text, only(lines={"no_sentence_end": 1}))["text"] == text


def test_lines_that_repeat_ngrams_are_cut_and_headings_and_code_are_not() -> None:
    """As in logs: the first one stays."""
    log = "Error 17: the file /var/lib/mill/wheel was not found by the server on this machine."
    lines = [*PROSE, log, log, log.replace("17", "18"), log, log, "Read on below."]
    found = judged("\n".join(lines), only(lines={"repeated_ngrams": 0.9}), kinds="pppppppppchp")
    assert [cut["line"] for cut in found["cuts"]] == [7]
    assert found["line_kinds"] == "ppppppppchp"
    assert found["text"].count("Error 17") == 3


def test_a_page_of_cut_lines_alone_is_rejected_whole() -> None:
    text = "3 likes\n4 shares"
    found = judged(text, only(lines={"counter": 0}))
    assert found["drop_reason"] == "too_few_words_left"
    assert (found["text"], found["cuts"]) == (text, None)


def test_cuts_become_rows_that_name_the_document_and_the_line() -> None:
    rows = [f"{PROSE[0]}\n3 likes", PROSE[1], f"{PROSE[2]} [3]\n{PROSE[3]}\nRead more"]
    rules = {"counter": 0.0, "reference": 0.0, "navigation": 0.0}
    batch = filter_batch(batch_of(rows), config=only(lines=dict(rules)))
    found = cut_rows(batch).to_pylist()
    assert [(r["position"], r["line"], r["reason"], r["whole"], r["text"]) for r in found] == [
        (0, 1, "counter", True, "3 likes"),
        (2, 0, "reference", False, " [3]"),
        (2, 2, "navigation", True, "Read more"),
    ]


def test_a_batch_without_pages_has_no_cuts() -> None:
    found = filter_batch(batch_of([]), config=EVERY_LINE_RULE)
    assert found.num_rows == 0
    assert cut_rows(found).num_rows == 0
    assert pa.types.is_list(found.schema.field("cuts").type)
