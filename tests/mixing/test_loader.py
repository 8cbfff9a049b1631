from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch
import torch.distributed
from torch.utils.data import DataLoader

from curation.errors import UserError
from curation.mixing.loader import Loader, ShardDataset, in_step, merge_states
from curation.mixing.loading import deal, settings
from curation.storage import join, put
from tests.mixing.data_sets import number_of, write_data_set
from tests.threads import left_by

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")
ROWS = (2500, 1, 0, 1024, 700)
ALL = list(range(sum(ROWS)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_data_set(tmp_path_factory.mktemp("loader") / "shards", ROWS))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches and chunks of few rows, so that a small data set has many."""
    monkeypatch.setattr(deal, "STRETCH_ROWS", 64)
    monkeypatch.setattr(settings, "_CHUNK_ROWS", 32)


def numbers(items: Sequence[Any]) -> list[int]:
    """Of rows, lists of rows or record batches."""
    found: list[int] = []
    for item in items:
        rows = item.to_pylist() if isinstance(item, pa.RecordBatch) else item
        found += [number_of(row) for row in ([rows] if isinstance(rows, dict) else rows)]
    return found


def test_rows_come_as_they_lie_with_the_columns_asked_for(folder: str) -> None:
    rows = list(ShardDataset(folder, columns=("tokens", "text")))
    assert rows[:2] == [{"tokens": 0, "text": "text 0"}, {"tokens": 1, "text": "text 1"}]
    assert [row["text"] for row in rows] == [f"text {number}" for number in ALL]
    assert list(rows[0]) == ["tokens", "text"]
    assert next(iter(ShardDataset(folder))) == {"text": "text 0"}


def test_batches_are_lists_of_rows_or_record_batches(folder: str) -> None:
    columns = ("doc_id", "text")
    lists = list(ShardDataset(folder, columns=columns, batch_rows=100))
    batches = list(ShardDataset(folder, columns=columns, batch_rows=100, arrow=True))
    assert [batch.to_pylist() for batch in batches] == lists
    assert [len(batch) for batch in lists] == [100] * 42 + [25]
    assert numbers(lists) == ALL


@pytest.mark.parametrize("world_size", [1, 2, 4, 8])
def test_ranks_share_every_row_of_each_pass(folder: str, world_size: int, short: None) -> None:
    ranks = [
        ShardDataset(folder, columns=("doc_id",), rank=rank, world_size=world_size)
        for rank in range(world_size)
    ]
    for number in range(2):
        assert {rank.pass_number for rank in ranks} == {number}
        taken = [numbers(list(rank)) for rank in ranks]
        assert sorted(chain.from_iterable(taken)) == ALL
        assert max(map(len, taken)) - min(map(len, taken)) <= 1


@pytest.mark.parametrize(
    ("workers", "context"), [(0, None), (1, "fork"), (3, "fork"), (1, "spawn")]
)
def test_order_does_not_depend_on_workers(folder: str, workers: int, context: str | None) -> None:
    def opened() -> ShardDataset:
        return ShardDataset(
            folder, columns=("doc_id",), batch_rows=10, rank=1, world_size=2, seed=5
        )

    expected, data = list(opened()), opened()
    loader = Loader(data, num_workers=workers, multiprocessing_context=context)
    assert len(loader) == len(expected)
    assert list(loader) == expected
    assert data.pass_number == 1


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_plain_data_loader_reads_every_row_once(folder: str, workers: int) -> None:
    data = ShardDataset(folder, columns=("doc_id",))
    loader = DataLoader(data, batch_size=16, num_workers=workers)
    read = [int(doc_id, 16) for batch in loader for doc_id in batch["doc_id"]]
    assert sorted(read) == ALL
    if workers:
        with pytest.raises(UserError, match=r"use curation\.mixing\.loader\.Loader"):
            data.state_dict()
        data.start_pass(1)
    assert data.state_dict()["pass"] + bool(data.state_dict()["taken"]) == 1


@pytest.mark.parametrize("arrow", [False, True])
def test_a_plain_data_loader_hands_on_batches_as_they_are(folder: str, arrow: bool) -> None:
    data = ShardDataset(folder, columns=("doc_id",), batch_rows=50, arrow=arrow)
    batches = list(DataLoader(data, batch_size=None, num_workers=2))
    assert sorted(numbers(batches)) == ALL
    first: Any = batches[0]
    assert isinstance(first, pa.RecordBatch) == arrow
    if arrow:  # a pickle would bring the buffers of the whole chunk
        assert first.get_total_buffer_size() < 2 * first.nbytes


def test_rows_for_another_process_leave_behind_what_they_were_cut_from() -> None:
    rows = pa.table({"text": ["x" * 1000] * 1000})
    few = rows.slice(500, 10)
    assert len(settings.packed(few)) < 20_000
    assert settings.unpacked(settings.packed(few)).equals(few)


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("attempt", range(6))
def test_a_stop_anywhere_loses_and_repeats_nothing(
    folder: str, short: None, seed: int | None, attempt: int
) -> None:
    """Stops in a row, each time other ranks and workers, ranks out of step, over two passes."""
    dice = random.Random(attempt)
    state: dict[str, Any] | None = None
    seen: list[tuple[int, int]] = []
    for _ in range(4):
        world_size, states = dice.choice([1, 2, 4, 8]), []
        batch_rows = dice.choice([None, 1, 7])
        most = 2 * len(ALL) // 5 // world_size
        for rank in range(world_size):
            data = ShardDataset(
                folder,
                columns=("doc_id",),
                batch_rows=batch_rows,
                rank=rank,
                world_size=world_size,
                seed=seed,
            )
            if state is not None:
                data.load_state_dict(state)
            seen += take(data, dice.randint(0, most), workers=dice.choice([0, 0, 0, 2]))
            states.append(json.loads(json.dumps(data.state_dict())))
        state = merge_states(states)
    data = ShardDataset(folder, columns=("doc_id",), seed=seed, rank=0, world_size=1)
    assert state
    data.load_state_dict(state)
    passes = 1 + max(number for number, _ in seen)
    while data.pass_number < passes:
        seen += take(data, data.rows_left, workers=0)
    assert sorted(seen) == [(number, row) for number in range(passes) for row in ALL]


def take(data: ShardDataset, rows: int, *, workers: int) -> list[tuple[int, int]]:
    """About so many rows (whole items), over the ends of passes."""
    loader = Loader(data, num_workers=workers)
    seen: list[tuple[int, int]] = []
    while len(seen) < rows:
        number, got = data.pass_number, 0
        for item in loader:
            got += data.rows_of(item)
            seen += [(number, row) for row in numbers([item])]
            if len(seen) >= rows:
                break
    return seen


@pytest.mark.parametrize("workers", [0, 2])
def test_a_rank_goes_on_in_its_own_order(folder: str, short: None, workers: int) -> None:
    def opened() -> ShardDataset:
        return ShardDataset(folder, columns=("doc_id",), batch_rows=3, rank=2, world_size=3, seed=1)

    expected, data = list(opened()), opened()
    first = list(islice(Loader(data, num_workers=workers), 101))
    again = opened()
    again.load_state_dict(data.state_dict())
    assert first + list(Loader(again, num_workers=3)) == expected
    assert first + list(Loader(data, num_workers=workers)) == expected


def test_a_seed_gives_each_pass_another_order(folder: str) -> None:
    data = ShardDataset(folder, columns=("doc_id",), seed=1)
    first, second = numbers(list(data)), numbers(list(data))
    assert sorted(first) == sorted(second) == ALL
    assert len({tuple(first), tuple(second), tuple(ALL)}) == 3
    data.start_pass(0)
    assert numbers(list(data)) == first
    assert numbers(list(ShardDataset(folder, columns=("doc_id",), seed=2))) != first
    # Frozen: a state counts rows in this order.
    assert first[:3] == FROZEN


FROZEN = [1871, 1618, 1259]


def test_equal_shares_drop_the_last_rows_and_say_so(
    folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    ranks = [
        ShardDataset(folder, columns=("doc_id",), rank=rank, world_size=8, equal=True)
        for rank in range(8)
    ]
    assert [rank.dropped_rows for rank in ranks] == [1] * 8
    taken = [numbers(list(Loader(rank))) for rank in ranks]
    assert {len(of) for of in taken} == {len(ALL) // 8}
    assert sorted(chain.from_iterable(taken)) == ALL[:-1]
    assert caplog.messages == ["pass 0: its last 1 rows are left out"]


def test_ranks_in_step_need_one_state(folder: str, short: None) -> None:
    def opened(rank: int, world_size: int) -> ShardDataset:
        return ShardDataset(folder, columns=("doc_id",), rank=rank, world_size=world_size)

    ranks = [opened(rank, 2) for rank in range(2)]
    seen = [number for rank in ranks for number in numbers(list(islice(rank, 333)))]
    state = in_step(ranks[0].state_dict())
    for rank in range(4):
        data = opened(rank, 4)
        data.load_state_dict(state)
        seen += numbers(list(data))
    assert sorted(seen) == ALL


def test_the_random_numbers_of_the_trainer_are_left_alone(folder: str) -> None:
    before = torch.get_rng_state()
    list(Loader(ShardDataset(folder, batch_rows=100, seed=1)))
    assert torch.equal(torch.get_rng_state(), before)


def test_collate_works_in_the_worker_and_counts_rows(folder: str) -> None:
    data = ShardDataset(folder, batch_rows=50)
    loader = Loader(data, num_workers=2, collate=len)
    assert sum(loader) == len(ALL)
    assert data.pass_number == 1


def test_rank_and_world_size_are_those_of_torch_distributed_or_the_environment(
    folder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "3")
    place = ShardDataset(folder).state_dict()
    assert (place["rank"], place["world_size"]) == (1, 3)
    torch.distributed.init_process_group(
        "gloo", rank=0, world_size=1, init_method=f"file://{tmp_path / 'group'}"
    )
    try:
        assert ShardDataset(folder).state_dict()["world_size"] == 1
    finally:
        torch.distributed.destroy_process_group()
    monkeypatch.setenv("RANK", "one")
    with pytest.raises(UserError, match="RANK and WORLD_SIZE"):
        ShardDataset(folder)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rank": 2, "world_size": 2}, "rank 2 of 2 over 4,225 rows"),
        ({"rank": 0, "world_size": 5000}, "each needs a row"),
        ({"rank": 0, "world_size": 0}, "rank 0 of 0"),
        ({"rank": 1}, "give both, or neither"),
        ({"columns": "text"}, "expected names"),
        ({"batch_rows": 0}, "1 at least"),
        ({"arrow": True}, "1 at least"),
    ],
)
def test_arguments_that_cannot_be_are_told(
    folder: str, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        ShardDataset(folder, **given)


def test_options_that_would_break_order_or_position_are_told(folder: str) -> None:
    with pytest.raises(UserError, match="no option in_order, persistent_workers, but"):
        Loader(ShardDataset(folder), num_workers=1, persistent_workers=True, in_order=False)


def test_states_of_others_are_told(folder: str, tmp_path: Path) -> None:
    data = ShardDataset(folder, rank=0, world_size=2)
    other = write_data_set(tmp_path / "other", (10,))
    for one, message in (
        (ShardDataset(str(other), rank=0, world_size=2), "another data set"),
        (ShardDataset(folder, rank=0, world_size=2, seed=1), "another seed"),
        (ShardDataset(folder, rank=1, world_size=2), "what merge_states makes"),
        (ShardDataset(folder, rank=0, world_size=4), "what merge_states makes"),
        (ShardDataset(folder, rank=0, world_size=2, equal=True), "what merge_states makes"),
    ):
        with pytest.raises(UserError, match=message) as told:
            data.load_state_dict(one.state_dict())
        assert "\n" not in str(told.value)


def test_it_reads_an_object_store(folder: str, s3: str) -> None:
    for path in sorted(Path(folder).iterdir()):
        put(join(s3, path.name), path.read_bytes())
    data = ShardDataset(s3, columns=("doc_id",), batch_rows=100, seed=4)
    assert list(Loader(data, num_workers=2)) == list(
        ShardDataset(folder, columns=("doc_id",), batch_rows=100, seed=4)
    )


def test_no_thread_of_arrows_is_left_with_what_was_read_of_an_object_store(
    folder: str, s3: str
) -> None:
    """It would let go of it later, and abort a trainer that ends at that moment."""
    for path in sorted(Path(folder).iterdir()):
        put(join(s3, path.name), path.read_bytes())
    imports = "from curation.mixing.loader import ShardDataset"
    assert left_by(imports, f"next(iter(ShardDataset({s3!r})))") == 0


def test_it_needs_torch_but_neither_spark_nor_numba(folder: str) -> None:
    script = f"""
import sys
for name in ("pyspark", "numba", "pandas"):
    sys.modules[name] = None  # not installed
from curation.mixing.loader import Loader, ShardDataset
print(sum(1 for _ in Loader(ShardDataset({folder!r}))))
"""
    assert run(script).stdout.split() == [str(len(ALL))]
    without = run("import sys\nsys.modules['torch'] = None\nimport curation.mixing.loader")
    assert without.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: curation.mixing.loader needs torch: pip install 'winnow-curation[ml]'"
    )


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
