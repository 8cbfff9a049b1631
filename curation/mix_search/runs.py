"""Models that are asked for in, what they came to out; each is trained once.

A model's result is a small JSON file under its own name, so that a search that was stopped goes on,
and one with other weights, bounds or more candidates takes what is there. `setting.json` has all
else that a result depends on; a folder has results of one setting.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from curation.errors import UserError
from curation.mix_search.config import TrainConfig
from curation.mix_search.corpus import Corpus
from curation.mix_search.train import Task, Trained, train
from curation.mix_search.workers import working
from curation.progress import Progress
from curation.storage import join, put, require_empty, storage

_SETTING = "setting.json"
_RUNS = "runs"


def check_folder(folder: str) -> None:
    """Raises `UserError` where it holds files, but none of a search."""
    file = join(folder, _SETTING)
    if storage(file).find(file) is None:
        require_empty(folder, lacks="mix search")


@dataclass(frozen=True)
class Runs:
    """Trains models in `processes` at a time, and keeps what they came to in `folder`."""

    folder: str
    corpus: Corpus
    config: TrainConfig
    device: torch.device
    processes: int
    progress: Progress

    def begin(self, reads: str) -> None:
        """Raises `UserError` where the folder has results of another setting."""
        setting = {
            "reads": reads,
            "pages": self.corpus.fingerprint(),
            "domains": list(self.corpus.domains),
            "train": asdict(self.config),
            "torch": torch.__version__,
            "device": _described(self.device),
        }
        file = join(self.folder, _SETTING)
        storage(file).put_if_absent(file, json.dumps(setting, indent=1).encode() + b"\n")
        there = json.loads(storage(file).read(file))
        if differing := [key for key, value in setting.items() if there.get(key) != value]:
            raise UserError(
                f"{self.folder}: has models of another setting ({', '.join(differing)} differ):"
                " choose another --output"
            )

    def of(self, tasks: Sequence[Task], what: str) -> list[Trained]:
        """What the models of `tasks` came to, in their order; trains those that are missing."""
        found = {task.name: there for task in tasks if (there := self._read(task))}
        missing = [task for task in tasks if task.name not in found]
        started, done = time.monotonic(), len(tasks) - len(missing)
        if not missing:
            self.progress.note(f"{what}: {done} models, all there")
        for number, (task, trained) in enumerate(self._train(missing), start=1):
            self._write(task, trained)
            found[task.name] = trained
            left_s = (time.monotonic() - started) / number * (len(missing) - number)
            self.progress.note(
                f"{what}: {done + number} of {len(tasks)} models, {left_s:.0f} s left"
            )
        return [found[task.name] for task in tasks]

    def _train(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Trained]]:
        processes = min(self.processes, len(tasks))
        if processes > 1:
            with working(self.corpus, self.config, self.device, processes) as work:
                yield from work(tasks)
            return
        for task in tasks:
            yield task, train(task, self.corpus, config=self.config, device=self.device)

    def _read(self, task: Task) -> Trained | None:
        file = self._file(task)
        if storage(file).find(file) is None:
            return None
        told: dict[str, Any] = json.loads(storage(file).read(file))
        return Trained(told["parameters"], told["bits"], told["epochs"])

    def _write(self, task: Task, trained: Trained) -> None:
        made = {"size": str(task.size), "seed": task.seed, "shares": dict(task.mix)}
        put(self._file(task), json.dumps(made | asdict(trained)).encode() + b"\n")

    def _file(self, task: Task) -> str:
        return join(self.folder, _RUNS, f"{task.name}.json")


def _described(device: torch.device) -> str:
    """Which instructions a CPU has decides the order of sums, and so does the kind of a GPU."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} {torch.backends.cpu.get_cpu_capability()}"
