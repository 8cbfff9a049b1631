"""Several processes that each train a model at a time: of several GPUs each gets its own.

A worker ends with the process that started it, however that ends, and is silent about it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing.queues import SimpleQueue

import torch

from curation.mix_search.config import TrainConfig
from curation.mix_search.corpus import Corpus
from curation.mix_search.train import Task, Trained, train

Work = Callable[[Sequence[Task]], Iterator[tuple[Task, Trained]]]
_Held = tuple[Corpus, TrainConfig, torch.device]
_HELD: list[_Held] = []  # of a worker: what all its models share


@contextmanager
def working(
    corpus: Corpus, config: TrainConfig, device: torch.device, processes: int
) -> Iterator[Work]:
    """Gives a function that trains models as workers are free, and yields each when it is done."""
    context = multiprocessing.get_context("spawn")  # a fork would inherit a GPU that it cannot use
    devices: SimpleQueue[str] = context.SimpleQueue()
    for number in range(processes):
        devices.put(_device_of(number, device))
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        processes, context, initializer=_begin, initargs=(corpus, config, devices)
    )

    def work(tasks: Sequence[Task]) -> Iterator[tuple[Task, Trained]]:
        futures = {pool.submit(_train, task): task for task in tasks}
        for future in as_completed(futures):
            yield futures[future], future.result()

    try:
        yield work
    except BaseException:  # none of the models under way is wanted any more
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _device_of(number: int, device: torch.device) -> str:
    if device.type == "cuda" and device.index is None:
        return f"cuda:{number % torch.cuda.device_count()}"
    return str(device)


def _begin(corpus: Corpus, config: TrainConfig, devices: SimpleQueue[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us says that it was
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
    _HELD.append((corpus, config, torch.device(devices.get())))


def _end_after(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _train(task: Task) -> Trained:
    corpus, config, device = _HELD[0]
    return train(task, corpus, config=config, device=device)
