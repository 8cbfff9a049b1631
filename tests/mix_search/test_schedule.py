"""What a model reads of a mix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.mix_search.candidates import FLOOR, candidate_mixes
from curation.mix_search.schedule import batches, epochs, rounded, window_counts
from tests.mix_search import worlds


@settings(max_examples=30)
@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=6), st.integers(1, 5000))
def test_rounded_shares_add_up_and_are_off_by_less_than_one(parts: list[float], units: int) -> None:
    shares = np.array(parts) / sum(parts)
    found = rounded(shares, units)
    assert found.sum() == units
    assert (np.abs(found - shares * units) < 1 + 1e-6).all()


def test_every_stretch_of_training_has_the_mix() -> None:
    corpus = worlds.corpus()
    mix = {"plain": 0.25, "rich": 0.75}
    counts = window_counts(mix, corpus, worlds.QUICK)
    assert counts == {"plain": 96, "rich": 288}
    for batch in batches(counts, corpus, worlds.QUICK, seed=0):
        assert batch.shape == (4, 33)
        plain = sum(set(row.tolist()) <= {ord("a"), ord("b"), 256} for row in batch)
        assert plain == 1


def test_mixes_read_the_same_text_and_differ_in_how_much_of_it() -> None:
    corpus = worlds.corpus()
    less, more = ({"plain": 32, "rich": count} for count in (32, 96))
    read = [
        {
            bytes(row.tobytes())
            for batch in batches(n, corpus, worlds.QUICK, seed=3)
            for row in batch
        }
        for n in (less, more)
    ]
    assert read[0] < read[1]
    other = {bytes(row.tobytes()) for b in batches(less, corpus, worlds.QUICK, seed=4) for row in b}
    assert other != read[0]


def test_a_share_of_tokens_is_more_ids_where_a_token_has_more() -> None:
    corpus = worlds.corpus(per_token=3.0)
    counts = window_counts({"plain": 0.5, "rich": 0.5}, corpus, worlds.QUICK)
    assert counts == {"plain": 288, "rich": 96}
    longer = replace(worlds.QUICK, tokens=10 * worlds.QUICK.tokens)
    counts = window_counts({"plain": 0.5, "rich": 0.5}, corpus, longer)
    assert epochs(counts, corpus, longer)["plain"] == 2880 * 32 / (30 * 401)


def test_candidates_begin_alike_and_keep_off_the_edge() -> None:
    few, many = (candidate_mixes(worlds.search_config(candidates=count)) for count in (4, 9))
    assert many[: len(few)] == few
    assert few[0] == worlds.DEFAULT
    for mix in many:
        assert abs(sum(mix.values()) - 1) < 1e-9
        assert min(mix.values()) >= FLOOR - 1e-4
