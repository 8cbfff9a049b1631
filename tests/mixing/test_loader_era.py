from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import UserError
from curation.mixing.loading import deal as deal_module
from curation.mixing.loading.deal import Deal
from curation.mixing.loading.era import Era, Start
from curation.mixing.loading.spans import Sequence, joined
from curation.mixing.loading.state import Data, Place, State, in_step, merge_states, read_state

ROWS = st.integers(8, 400)
STRETCH_ROWS = 8
WORLD_SIZES = st.sampled_from([1, 2, 3, 4, 8])


@pytest.fixture(autouse=True, scope="module")
def short_stretches() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(deal_module, "STRETCH_ROWS", STRETCH_ROWS)
        yield


def rows_of(era: Era, rank: int, start: int, stop: int) -> list[tuple[int, int]]:
    """The (pass, row) that the rank gets as its `start` to `stop` of the era, one by one."""
    rows: list[tuple[int, int]] = []
    while start < stop:
        number, done = era.at(rank, start)
        taken = min(era.deal(number).share(rank) - done, stop - start)
        spans = era.spans(rank, number, start=done, stop=done + taken)
        rows += [(number, row) for span in spans for row in range(*span)]
        start += taken
    return rows


@given(rows=ROWS, world_size=WORLD_SIZES, equal=st.booleans())
@settings(max_examples=30)
def test_a_deal_gives_every_row_to_one_rank(rows: int, world_size: int, equal: bool) -> None:
    deal = Deal(rows, world_size, equal)
    shares = [deal.share(rank) for rank in range(world_size)]
    places = [
        place for rank in range(world_size) for place in deal.places(rank, 0, deal.share(rank))
    ]
    assert joined(sorted(places)) == ((0, rows - deal.dropped),)
    assert sum(stop - start for start, stop in places) == sum(shares) == rows - deal.dropped
    assert max(shares) - min(shares) <= (0 if equal else 1)
    assert deal.dropped < world_size


def test_ranks_in_step_leave_little_but_the_end() -> None:
    deal = Deal(100 * STRETCH_ROWS, 4, equal=False)
    assert deal.left([0] * 4) == ((0, deal.rows),)
    assert deal.left([3 * STRETCH_ROWS] * 4) == ((12 * STRETCH_ROWS, deal.rows),)
    left = deal.left([3 * STRETCH_ROWS + 5] * 4)
    assert [start % STRETCH_ROWS for start, _ in left] == [5] * 4
    assert deal.left([deal.share(rank) for rank in range(4)]) == ()


@given(st.data())
@settings(max_examples=200)
def test_after_any_stops_the_rest_follows_once(data: st.DataObject) -> None:
    """Several eras in a row, ranks as far apart as they like; then one rank takes all the rest."""
    rows = data.draw(ROWS)
    start, seen = Start(), []
    for _ in range(data.draw(st.integers(1, 4))):
        era = Era(start, rows, data.draw(WORLD_SIZES), equal=False)
        most = int(rows * 1.5 / era.world_size)
        taken = [data.draw(st.integers(0, most)) for _ in range(era.world_size)]
        for rank, count in enumerate(taken):
            seen += rows_of(era, rank, 0, count)
        start = era.after(taken)
    passes = 1 + max((number for number, _ in seen), default=0)
    era = Era(start, rows, 1, equal=False)
    left = sum(era.deal(number).rows for number in range(start.pass_number, passes))
    seen += rows_of(era, 0, 0, left)
    assert Counter(seen) == Counter((p, row) for p in range(passes) for row in range(rows))


@given(rows=st.integers(8, 40), world_size=WORLD_SIZES, taken=st.integers(0, 60))
def test_with_equal_shares_only_the_last_rows_of_a_pass_are_left_out(
    rows: int, world_size: int, taken: int
) -> None:
    era = Era(Start(), rows, world_size, equal=True)
    each = rows // world_size
    assert {era.at(rank, taken) for rank in range(world_size)} == {divmod(taken, each)}
    after = era.after([taken] * world_size)
    assert after.pass_number == taken // each
    assert after.of(after.pass_number, rows).length == rows - taken % each * world_size


def test_spans_are_cut_as_one_sequence() -> None:
    sequence = Sequence(((0, 3), (10, 12), (20, 21)))
    numbers = [0, 1, 2, 10, 11, 20]
    for start in range(7):
        for stop in range(start, 7):
            cut = [n for span in sequence.cut(start, stop) for n in range(*span)]
            assert cut == numbers[start:stop]


def state(rank: int, taken: int, *, world_size: int = 2, rows: int = 100) -> dict[str, object]:
    place = Place(rank, world_size, equal=False, taken=taken)
    return State(Data("d", rows, None), Start(), place).as_json()


def test_states_are_json_and_merge_in_any_order() -> None:
    states = [state(0, 7), state(1, 9)]
    merged = merge_states(json.loads(json.dumps(states)))
    assert merged == merge_states(states[::-1])
    assert merged["left"] == [[[7, 8], [16, 24], [25, 100]]]
    assert read_state(merged).as_json() == merged
    assert in_step(state(1, 9)) == merge_states([state(0, 9), state(1, 9)])


def test_any_number_of_passes_is_counted_at_once() -> None:
    start = Start(3, (((7, 10),), ()))
    era = Era(start, 100, 2, equal=False)
    assert era.at(0, 2 + 10**15 * 50 + 7) == (3 + 2 + 10**15, 7)
    assert era.at(0, 1) == (3, 1)
    merged = in_step(state(0, 10**9))
    assert (merged["pass"], merged["left"]) == (10**9 // 50, [])


@pytest.mark.parametrize(
    "wrong",
    [{"taken": 7.5}, {"rank": "0"}, {"rows": 1e2}, {"equal": "no"}, {"seed": "s"}, {"pass": 0.5}],
    ids=str,
)
def test_a_state_counts_in_whole_numbers(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError, match="no state of a loader"):
        read_state({**state(0, 1), **wrong})


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ([], "the states of all ranks"),
        ([state(0, 1)], r"missing: \['1'\]"),
        ([state(0, 1), state(0, 1)], "one of each"),
        ([state(0, 1), state(1, 1, rows=200)], "different runs"),
        ([state(0, 1), in_step(state(1, 1))], "the states of all ranks"),
        ([state(0, 1), state(1, 10**12)], "20,000,000,000 passes apart"),
        ([{"version": 1}], "no state of a loader"),
        ([{"version": 2}], "version 2"),
        ([state(2, 1)], "damaged"),
        ([state(0, -1)], "damaged"),
        ([{**state(0, 1), "left": [[[0, 101]]]}], "damaged"),
        ([{**state(0, 1), "left": [[[5, 4]]]}], "damaged"),
    ],
)
def test_states_that_cannot_be_merged_say_so(states: list[dict[str, object]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        merge_states(states)
