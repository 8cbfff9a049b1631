"""Shards for PyTorch: each rank reads its rows, in a fixed order, and goes on exactly where it was.

    data = ShardDataset("out/run/shards", columns=("text", "domain"), batch_rows=16)
    for batch in Loader(data, num_workers=3):  # a list of 16 dicts
        ...
    state = data.state_dict()                  # small, JSON

A row counts as taken once it was handed out, so workers may read ahead. What a rank gets, and in
what order, does not depend on its workers, nor on where it stopped before. `load_state_dict` takes
the rank's own state, to go on among as many ranks, or what `merge_states` makes of the states of
all, to go on among however many: what was not taken follows, and nothing else.

A pass hands out every row once. Iterating goes on with the current pass; at its end the next one
starts. Ranks differ by a row at the end of a pass; with `equal=True` they do not, and the last rows
(less than one per rank, `dropped_rows`) are left out of that pass.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from curation.errors import UserError
from curation.mixing.loading.era import Era, Start
from curation.mixing.loading.folder import open_folder
from curation.mixing.loading.reader import Reader
from curation.mixing.loading.settings import Settings, packed, rank_of, unpacked
from curation.mixing.loading.state import Data, Place, State, in_step, merge_states, read_state

try:
    import torch
    import torch.distributed as dist
    from torch.utils.data import DataLoader, IterableDataset, get_worker_info
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"curation.mixing.loader needs {error.name}: pip install 'winnow-curation[ml]'"
    ) from None

__all__ = ["Loader", "ShardDataset", "in_step", "merge_states"]
_log = logging.getLogger(__name__)
_Collate = Callable[[Any], Any]
_Chunk: TypeAlias = pa.Table | bytes | list[tuple[int, Any]]
"""Rows, those of another process, or how many rows each item has and what was made of it."""
# Those of a `DataLoader` that change neither order nor position.
_OPTIONS = ("multiprocessing_context", "pin_memory", "prefetch_factor", "timeout", "worker_init_fn")


class ShardDataset(IterableDataset[Any]):
    """The rows of a data set folder (a path or `s3://`) that are a rank's.

    Items are rows as dicts; with `batch_rows` lists of so many, or with `arrow=True` record
    batches. Rank and number of ranks are torch.distributed's, or the environment's, if not given.
    A `seed` gives each pass an order of its own. Raises `UserError` for what cannot be.

    A plain `DataLoader` reads it too, with `batch_size=None` for batches of its own; with workers
    it has no state (only `Loader` knows what has been handed out), and `start_pass` says which
    pass it reads.
    """

    def __init__(  # noqa: PLR0913 - only the folder is needed
        self,
        folder: str,
        *,
        columns: Sequence[str] = ("text",),
        batch_rows: int | None = None,
        arrow: bool = False,
        rank: int | None = None,
        world_size: int | None = None,
        seed: int | None = None,
        equal: bool = False,
    ) -> None:
        if not columns or isinstance(columns, str):
            raise UserError(f"columns={columns!r}: expected names, such as ('text', 'domain')")
        if (batch_rows is None and arrow) or (batch_rows is not None and batch_rows < 1):
            raise UserError(f"batch_rows={batch_rows}: expected the rows of a batch, 1 at least")
        self._settings = Settings(open_folder(folder), tuple(columns), batch_rows, arrow, seed)
        self._rank, world_size = _ranks(rank, world_size)
        rows = self._settings.folder.rows
        if not 0 <= self._rank < world_size <= rows:
            raise UserError(
                f"rank {self._rank} of {world_size} over {rows:,} rows: ranks count from 0, and"
                " each needs a row"
            )
        # Told here, and not at the first row, by a worker.
        Reader(self._settings.folder, self._settings.columns).check()
        self._elsewhere = torch.zeros(1, dtype=torch.bool).share_memory_()
        self._go_on(Era(Start(), rows, world_size, equal), 0)

    def __iter__(self) -> Iterator[Any]:
        """The items of the rest of the pass; in a worker of a `DataLoader` its part of them."""
        if (worker := get_worker_info()) is None:
            return self._counted()
        self._elsewhere[0] = True
        return self._sent((worker.id, worker.num_workers))

    def _counted(self) -> Iterator[Any]:
        self.tell_dropped()
        for chunk in self.chunks():
            for item in self.items(chunk):
                self.advance(self.rows_of(item))
                yield item

    def _sent(self, part: tuple[int, int]) -> Iterator[Any]:
        for chunk in self.chunks(part=part):
            for item in self.items(chunk):
                yield unpacked(packed(item)).to_batches()[0] if self._settings.arrow else item

    def verify(self) -> None:
        """Reads the files that are the rank's to check, whole: all ranks' calls check all.

        Raises `UserError` for one whose bytes are not those of the manifest. Reading rows finds
        what is missing, cut off or of other rows, but not every changed byte.
        """
        folder = self._settings.folder
        for file in folder.files[self._rank :: self._era.world_size]:
            folder.verify(file)

    def chunks(self, *, part: tuple[int, int] = (0, 1)) -> Iterator[pa.Table]:
        """The rest of the pass, whole items at a time; of `n` parts the chunks `i::n`."""
        return self._settings.chunks(self._era, rank=self._rank, taken=self._taken, part=part)

    def items(self, chunk: pa.Table) -> list[Any]:
        """The items of a chunk."""
        return self._settings.items(chunk)

    def rows_of(self, item: Any) -> int:
        """How many rows an item has."""
        return 1 if self._settings.batch_rows is None else len(item)

    def advance(self, rows: int) -> None:
        """So many more rows have been handed out."""
        self._taken += rows

    @property
    def pass_number(self) -> int:
        """Of the row that comes next."""
        return self._era.at(self._rank, self._taken)[0]

    @property
    def rows_left(self) -> int:
        """How many rows the rank has yet to get in this pass."""
        number, done = self._era.at(self._rank, self._taken)
        return self._era.deal(number).share(self._rank) - done

    @property
    def items_left(self) -> int:
        """How many items these are."""
        return -(-self.rows_left // self._settings.item_rows)

    @property
    def dropped_rows(self) -> int:
        """How many rows no rank gets in this pass, so that all get as many."""
        return self._era.deal(self.pass_number).dropped

    def tell_dropped(self) -> None:
        """Says how many, once for all ranks."""
        if self._rank == 0 and (dropped := self.dropped_rows):
            _log.warning("pass %d: its last %d rows are left out", self.pass_number, dropped)

    def start_pass(self, number: int) -> None:
        """Goes to the start of a pass, on all ranks; what is left of others does not come."""
        self._go_on(Era(Start(number), self._era.rows, self._era.world_size, self._era.equal), 0)

    def state_dict(self) -> dict[str, Any]:
        """The rank's state, as JSON has it."""
        if self._elsewhere[0]:
            raise UserError(
                "a DataLoader's workers read ahead, so what was handed out is not known: use"
                " curation.mixing.loader.Loader"
            )
        place = Place(self._rank, self._era.world_size, self._era.equal, self._taken)
        return State(self._data, self._era.start, place).as_json()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from the rank's own state, or from all ranks' by `merge_states`."""
        loaded = read_state(state)
        if loaded.data != self._data:
            what = "seed" if loaded.data.identity == self._data.identity else "data set"
            raise UserError(f"the state is of another {what}: load it with what it was made with")
        place, era = loaded.place, self._era
        if place is None:
            self._go_on(Era(loaded.start, era.rows, era.world_size, era.equal), 0)
            return
        wanted = Place(self._rank, era.world_size, era.equal, place.taken)
        if place != wanted:
            raise UserError(
                f"the state is of rank {place.rank} of {place.world_size} (equal={place.equal}):"
                f" for rank {self._rank} of {era.world_size} (equal={era.equal}) load what"
                " merge_states makes of the states of all ranks"
            )
        self._go_on(Era(loaded.start, era.rows, era.world_size, era.equal), place.taken)

    @property
    def _data(self) -> Data:
        folder = self._settings.folder
        return Data(folder.identity, folder.rows, self._settings.seed)

    def _go_on(self, era: Era, taken: int) -> None:
        self._era, self._taken = era, taken
        self._elsewhere[0] = False


class Loader(DataLoader[Any]):
    """A `DataLoader` of the items of a `ShardDataset`, which keeps its dataset's state right.

    `collate` makes of each item, in the worker, what is handed out (tokens, tensors). Iterating
    again goes on where the last iteration was left. `options` are some of a
    `DataLoader`'s, such as `prefetch_factor` and `pin_memory`.
    """

    def __init__(
        self,
        data: ShardDataset,
        *,
        num_workers: int = 0,
        collate: _Collate | None = None,
        **options: Any,
    ) -> None:
        if other := sorted(options.keys() - {*_OPTIONS}):
            raise UserError(f"Loader: no option {', '.join(other)}, but {', '.join(_OPTIONS)}")
        super().__init__(
            _Chunks(data, collate),
            batch_size=None,
            collate_fn=_as_it_is,
            generator=torch.Generator(),  # the trainer's own is not drawn from
            num_workers=num_workers,
            **options,
        )
        self._data = data

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        """The items of the rest of the pass."""
        self._data.tell_dropped()
        for chunk in super().__iter__():
            if isinstance(chunk, str):
                raise UserError(chunk)
            for rows, item in self._items(chunk):
                self._data.advance(rows)
                yield item

    def _items(self, chunk: _Chunk) -> Iterable[tuple[int, Any]]:
        if isinstance(chunk, list):
            return chunk
        table = unpacked(chunk) if isinstance(chunk, bytes) else chunk
        return ((self._data.rows_of(item), item) for item in self._data.items(table))

    def __len__(self) -> int:
        """How many items are left of the pass."""
        return self._data.items_left

    def state_dict(self) -> dict[str, Any]:
        """The dataset's."""
        return self._data.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The dataset's."""
        self._data.load_state_dict(state)


class _Chunks(IterableDataset[Any]):
    """Chunks, which a `DataLoader` takes from its workers by turns, so in order."""

    def __init__(self, data: ShardDataset, collate: _Collate | None) -> None:
        self._data, self._collate = data, collate

    def __iter__(self) -> Iterator[_Chunk | str]:
        """The chunks of this worker; a message in place of what cannot be read."""
        worker = get_worker_info()
        part = (worker.id, worker.num_workers) if worker else (0, 1)
        try:
            for chunk in self._data.chunks(part=part):
                if self._collate is not None:
                    yield [*self._collated(chunk, self._collate)]
                else:
                    yield packed(chunk) if worker else chunk
        except UserError as error:  # torch would raise it again with a worker's traceback in it
            yield str(error)

    def _collated(self, chunk: pa.Table, collate: _Collate) -> Iterator[tuple[int, Any]]:
        for item in self._data.items(chunk):
            yield self._data.rows_of(item), collate(item)


def _as_it_is(chunk: Any) -> Any:
    return chunk


def _ranks(rank: int | None, world_size: int | None) -> tuple[int, int]:
    if rank is not None and world_size is not None:
        return rank, world_size
    if rank is not None or world_size is not None:
        raise UserError("rank and world_size: give both, or neither")
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return rank_of()
