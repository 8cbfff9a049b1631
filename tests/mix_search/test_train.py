"""A small model learns, and what it is measured by is what it says it is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from curation.mix_search.compare import compare, losses_of
from curation.mix_search.config import Size
from curation.mix_search.model import Model
from curation.mix_search.train import Task, Trained, deterministic, measure, train
from tests.mix_search import worlds

CPU = torch.device("cpu")


def test_a_model_learns_more_than_how_often_bytes_come() -> None:
    corpus = worlds.corpus()
    task = Task(worlds.TINY, {"plain": 0.1, "rich": 0.9}, seed=0)
    trained = train(task, corpus, config=worlds.QUICK, device=CPU)
    plain, rich = losses_of(trained, corpus)
    counts = np.bincount(corpus.domains["rich"].held_out)
    shares = counts[counts > 0] / counts.sum()
    assert rich < -(shares * np.log2(shares)).sum() - 0.3
    assert 1 <= plain < 1.5  # a letter of two is one bit


def test_the_same_task_gives_the_same_bits_whatever_else_was_drawn() -> None:
    corpus, task = worlds.corpus(), Task(worlds.TINY, worlds.DEFAULT, seed=5)
    threads = torch.get_num_threads()
    first = train(task, corpus, config=worlds.QUICK, device=CPU)
    torch.manual_seed(123)
    assert train(task, corpus, config=worlds.QUICK, device=CPU) == first
    assert torch.get_num_threads() == threads
    other = Task(worlds.TINY, worlds.DEFAULT, seed=6)
    assert train(other, corpus, config=worlds.QUICK, device=CPU) != first


def test_bits_are_of_each_page_with_its_end() -> None:
    lengths = np.array([10, 200, 90])
    pages = [np.append(np.full(length - 1, 97), 256) for length in lengths]
    domain = replace(worlds.corpus().domains["rich"], held_out=np.concatenate(pages))
    model = Model(worlds.TINY, vocabulary=257, context=32, seed=1)
    with torch.no_grad(), deterministic(CPU):
        model.embedding.weight.zero_()  # all ids alike
        bits = measure(model, domain, worlds.QUICK, CPU, end=256)
    assert bits == pytest.approx((lengths - [1, 0, 0]) * math.log2(257), rel=1e-5)


def test_a_model_sees_no_id_that_comes_later() -> None:
    model = Model(Size(2, 64), vocabulary=257, context=32, seed=1)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():  # as after training, when attention says something
        for weights in model.parameters():
            weights.normal_(0.0, 0.1, generator=generator)
    ids = torch.randint(0, 257, (2, 32), generator=generator)
    changed = ids.clone()
    changed[:, 20] = (ids[:, 20] + 1) % 257
    with torch.no_grad():
        before, after = model(ids), model(changed)
    assert torch.allclose(before[:, :20], after[:, :20], atol=1e-5)
    later = (before[:, 21:] - after[:, 21:]).abs().amax(dim=-1)
    assert (later > 1e-5).all()


def test_a_difference_is_told_from_noise_of_seeds_and_of_pages() -> None:
    corpus, rng = worlds.corpus(), np.random.default_rng(0)
    weights = np.array([0.5, 0.5])

    def trained(plain: float, rich: float, noise: float) -> Trained:
        def bits(mean: float) -> list[float]:
            return (199 * mean + 199 * noise * rng.standard_normal(10)).tolist()

        return Trained(1, {"plain": bits(plain), "rich": bits(rich)}, {})

    default = [trained(1.0, 2.0, 0.001) for _ in range(3)]
    better = compare([trained(1.0, 1.9, 0.001) for _ in range(3)], default, corpus, weights)
    assert better.objective.mean == pytest.approx(-0.05, abs=0.003)
    assert better.objective.beyond_noise
    assert not better.domains["plain"].beyond_noise
    noisy = compare([trained(1.0, 1.9, 0.5) for _ in range(3)], default, corpus, weights)
    assert not noisy.objective.beyond_noise
    assert noisy.objective.pages > 0.05
