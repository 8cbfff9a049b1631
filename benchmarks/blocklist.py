"""Block lists at full size: `python -m benchmarks.blocklist [--domains 5000000]`.

Makes a list as large as UT1's adult domains, compiles it with `curate lists update`, and measures
compilation, the match on one core, and what worker processes of one machine need that map it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pyarrow as pa

from curation.cli import main as curate
from curation.safety.blocklist.config import BlocklistConfig, ListFile
from curation.safety.blocklist.match import find_blocked, load_lists

_WORKERS = 4
_ROUNDS = 5
_URLS = 400_000
_SHAPES = ((128, 0.0), (128, 0.1), (16_384, 0.0), (16_384, 0.1))
_TLDS = ("com", "net", "org", "info", "co.uk", "de", "fr", "ru", "xyz", "com.br")


def main() -> None:
    """Prints all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=5_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = _domains(options.domains, seed=1)
        source, output = Path(folder, "adult", "domains"), Path(folder, "adult.arrow")
        _write(source, names)
        _compile(source.parent, output)
        for workers in (1, _WORKERS):
            told = f"{_memory(output, workers) / 1e6:.0f} MB more than without the list"
            print(f"{workers} workers: {told} (PSS: shared pages counted once)")
        _load(output)
        for rows, share in _SHAPES:
            found = _speed(output, names, rows, share)
            print(f"{rows:>6} rows a batch, {share:4.0%} blocked: {found}")


def _domains(number: int, *, seed: int) -> list[str]:
    """Different ones, two in three with two labels and the rest with three."""
    random = np.random.default_rng(seed)
    letters = random.integers(97, 123, (number, 24), np.uint8).view("S24").ravel().astype(str)
    cuts, tlds = random.integers(8, 20, number), random.integers(0, len(_TLDS), number)
    return [
        f"{text[: cut // 2]}.{text[cut // 2 : cut]}.{_TLDS[tld]}" if cut % 3 == 0
        else f"{text[:cut]}.{_TLDS[tld]}"
        for text, cut, tld in zip(letters.tolist(), cuts.tolist(), tlds.tolist(), strict=True)
    ]  # fmt: skip


def _write(path: Path, names: list[str]) -> None:
    """One line in fifty is not plain: an address, or a name outside ASCII."""
    path.parent.mkdir()
    lines = list(names)
    for at in range(0, len(lines), 100):
        lines[at] = f"ä{lines[at]}"
        lines[at + 1] = f"10.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}"
    path.write_text("\n".join(lines), encoding="utf-8")


def _compile(folder: Path, output: Path) -> None:
    small = folder.parent / "small.txt"
    small.write_text("compiles.the.kernels.example\nä.example\n")
    curate(["lists", "update", str(small), "--output", str(folder.parent / "small.arrow")])
    used_s, started_s = time.process_time(), time.time()
    curate(["lists", "update", str(folder), "--output", str(output)])
    used_s, started_s = time.process_time() - used_s, time.time() - started_s
    peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    print(
        f"compiled in {used_s:.1f} CPU s ({started_s:.1f} s), with {int(peak) / 1e3:.0f} MB at most"
    )
    print(f"the file has {output.stat().st_size / 1e6:.0f} MB")


def _load(output: Path) -> None:
    used_s = time.process_time()
    load_lists(_config(output))
    print(f"hashed and mapped in {time.process_time() - used_s:.2f} CPU s per process")


def _speed(output: Path, names: list[str], rows: int, share: float) -> str:
    lists = load_lists(_config(output))
    batches = list(_batches(names, rows, share))
    rounds = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        blocked = sum(len(find_blocked(*batch, lists).rows) for batch in batches)
        rounds.append(time.process_time() - started)
    return f"{_URLS / min(rounds[1:]) / 1e6:.2f} M URLs per CPU s ({blocked / _URLS:.1%} found)"


def _batches(names: list[str], rows: int, share: float) -> Iterator[tuple[pa.Array, pa.Array]]:
    """Pages of which that share is on the list, with paths of some 40 bytes."""
    others = _domains(_URLS, seed=2)
    for start in range(0, _URLS, rows):
        batch = others[start : start + rows]
        listed = int(len(batch) * share)
        batch[:listed] = [names[(start + i) * 7 % len(names)] for i in range(listed)]
        hosts = [name if row % 2 else f"www.{name}" for row, name in enumerate(batch)]
        urls = [
            f"https://{h}/news/2024/03/a-title-of-a-page?id={i}&b=2" for i, h in enumerate(hosts)
        ]
        yield pa.array(hosts), pa.array(urls)


def _config(output: Path) -> BlocklistConfig:
    return BlocklistConfig(bundled=False, lists=(ListFile(path=str(output)),))


def _memory(output: Path, workers: int) -> int:
    """What all of them together take for the list."""
    context = multiprocessing.get_context("spawn")
    ends = [context.Pipe() for _ in range(workers)]
    small = output.with_name("small.arrow")
    processes = [
        context.Process(target=_worker, args=(small, output, theirs)) for _, theirs in ends
    ]
    for process in processes:
        process.start()
    before = _pss(ends, processes)
    after = _pss(ends, processes)
    for (ours, _), process in zip(ends, processes, strict=True):
        ours.send(None)
        process.join()
    return after - before


def _pss(ends: list[tuple[Connection, Connection]], processes: Sequence[BaseProcess]) -> int:
    """Lets all do their next step, then looks at them."""
    for ours, _ in ends:
        ours.send(None)
    for ours, _ in ends:
        ours.recv()
    looks = [Path(f"/proc/{process.pid}/smaps_rollup").read_text() for process in processes]
    return sum(int(look.split("\nPss:")[1].split()[0]) for look in looks) * 1024


def _worker(small: Path, output: Path, end: Connection) -> None:
    """Matches against the small list, then against the large one, then ends."""
    batches = list(_batches(_domains(1000, seed=3), 16_384, 0.1))
    for path in (small, output):
        end.recv()
        lists = load_lists(_config(path))
        for batch in batches:
            find_blocked(*batch, lists)
        end.send(None)
    end.recv()


if __name__ == "__main__":
    main()
