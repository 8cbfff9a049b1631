"""The state of a loader: small, plain JSON.

A rank's state is its era and how many rows it has taken in it: whoever loads it goes on as that
rank, among as many. The states of all ranks make one of the whole, by `merge_states`, from which
any number of ranks goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, pairwise
from operator import index
from typing import Any

from curation.errors import UserError
from curation.mixing.loading.era import Era, Start

_VERSION = 1
_MOST_PASSES_APART = 1000  # a state lists them one by one


@dataclass(frozen=True)
class Data:
    """What a state is of: positions mean nothing in other data, or in another order."""

    identity: str
    rows: int
    seed: int | None


@dataclass(frozen=True)
class Place:
    """A rank's place in an era."""

    rank: int
    world_size: int
    equal: bool
    taken: int


@dataclass(frozen=True)
class State:
    """Where a rank is, or, without a place, where all are."""

    data: Data
    start: Start
    place: Place | None = None

    def as_json(self) -> dict[str, Any]:
        """Of lists, dicts, numbers and strings."""
        left = [[list(span) for span in spans] for spans in self.start.left]
        told = {"version": _VERSION, **asdict(self.data), "pass": self.start.pass_number}
        return {**told, "left": left, **(asdict(self.place) if self.place else {})}


def read_state(told: Any) -> State:
    """What `as_json` wrote; raises `UserError` for anything else."""
    try:
        if told["version"] != _VERSION:
            raise UserError(f"the loader's state is of version {told['version']}: load it there")
        state = _read(told)
        sound = _is_sound(state)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"no state of a loader: {error!r}") from error
    if not sound:
        raise UserError("the loader's state is damaged: it has rows that the data set has not")
    return state


def _read(told: dict[str, Any]) -> State:
    left = tuple(tuple((index(a), index(b)) for a, b in spans) for spans in told["left"])
    seed = None if told["seed"] is None else index(told["seed"])
    data = Data(told["identity"], index(told["rows"]), seed)
    start = Start(index(told["pass"]), left)
    if "rank" not in told:
        return State(data, start)
    rank, world_size, taken = (index(told[name]) for name in ("rank", "world_size", "taken"))
    return State(data, start, Place(rank, world_size, bool(index(told["equal"])), taken))


def _is_sound(state: State) -> bool:
    for spans in state.start.left:
        borders = [0, *chain.from_iterable(spans), state.data.rows]
        if any(low > high for low, high in pairwise(borders)):
            return False
    place = state.place or Place(0, 1, equal=False, taken=0)
    return min(state.start.pass_number, place.rank, place.taken) >= 0 and (
        place.rank < place.world_size <= state.data.rows
    )


def merge_states(states: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The one state of all ranks, from the states of each, in any order, of one moment.

    Raises `UserError` where one is missing, or they do not belong together.
    """
    read = [read_state(state) for state in states]
    places = {state.place.rank: state.place for state in read if state.place}
    if not read or len(places) < len(read):
        raise UserError("merge_states: expected the states of all ranks, one of each")
    one = read[0]
    unlike = [state for state in read if _common(state) != _common(one)]
    if unlike:
        raise UserError("merge_states: these are states of different runs, or of different starts")
    world_size = places[min(places)].world_size
    if missing := [str(rank) for rank in range(world_size) if rank not in places]:
        raise UserError(f"merge_states: of {world_size} ranks these are missing: {missing}")
    return _merged(one, [places[rank].taken for rank in range(world_size)])


def _common(state: State) -> tuple[Any, ...]:
    place = state.place
    return state.data, state.start, place and replace(place, rank=0, taken=0)


def in_step(state: dict[str, Any]) -> dict[str, Any]:
    """The one state of all ranks, when each has taken exactly as many rows as this one has."""
    read = read_state(state)
    if (place := read.place) is None:
        return state
    return _merged(read, [place.taken] * place.world_size)


def _merged(state: State, taken: Sequence[int]) -> dict[str, Any]:
    place = state.place
    if place is None:
        raise ValueError("the state of no rank")
    era = Era(state.start, state.data.rows, place.world_size, place.equal)
    passes = [era.at(rank, of)[0] for rank, of in enumerate(taken)]
    if (apart := max(passes) - min(passes)) > _MOST_PASSES_APART:
        raise UserError(f"the ranks are {apart:,} passes apart: these are no states of one moment")
    return State(state.data, era.after(taken)).as_json()
