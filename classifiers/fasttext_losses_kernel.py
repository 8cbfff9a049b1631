"""From the mean of a text's features to the probability of each label, as fastText reports it.

In: a mean, and what it is multiplied by unless that is done. Out: probabilities of 32 bits, 0..1.
fastText adds a little to each, and so do we.

Source: fastText 0.9.2, `Loss` and its kinds.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from curation.kernels import helper, inlined, int64

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Places = npt.NDArray[np.int32]

HIERARCHICAL, SIGMOID, SOFTMAX = range(3)
_LITTLE = 1e-5  # lest the logarithm of a probability be infinite


@helper
def finish(
    mean: Doubles,
    outputs: Doubles,
    nodes: tuple[Places, Places],
    loss: int,
    scores: Doubles,
    probabilities: Floats,
) -> None:
    """Writes the probabilities; `nodes` are the left and right ones of each inner node of a tree.

    `scores` is room for three numbers per label.
    """
    labels = len(probabilities)
    _multiply(mean, outputs, scores)
    if loss == HIERARCHICAL:
        _descend(nodes, scores, labels)
    elif loss == SIGMOID:
        for label in range(labels):
            scores[label] = _sigmoid(scores[label]) + _LITTLE
    elif len(mean) == 1 and labels == 2:  # the one is what the second is better by
        better = scores[0]
        scores[0] = 1 / (1 + math.exp(better)) + _LITTLE
        scores[1] = 1 / (1 + math.exp(-better)) + _LITTLE
    else:
        _soften(scores, labels)
    for label in range(labels):
        probabilities[label] = np.float32(min(scores[label], 1.0))


@helper
def _multiply(mean: Doubles, outputs: Doubles, scores: Doubles) -> None:
    if len(outputs) == 0:  # it is done
        for column in range(len(mean)):
            scores[column] = mean[column]
    for label in range(len(outputs)):
        score = 0.0
        for column in range(len(mean)):
            score += outputs[label, column] * mean[column]
        scores[label] = score


@helper
def _soften(scores: Doubles, labels: int) -> None:
    highest, total = scores[0], 0.0
    for label in range(labels):
        highest = max(highest, scores[label])
    for label in range(labels):
        scores[label] = math.exp(scores[label] - highest)
        total += scores[label]
    for label in range(labels):
        scores[label] = scores[label] / total + _LITTLE


@inlined
def _sigmoid(score: float) -> float:
    """As fastText reads it from a table of 512 steps between -8 and 8."""
    if score < -8:
        return 0.0
    if score > 8:
        return 1.0
    step = int64((np.float32(score) + np.float32(8)) * np.float32(32))
    return 1 / (1 + math.exp(8 - step / 32))


@helper
def _descend(nodes: tuple[Places, Places], scores: Doubles, labels: int) -> None:
    """From scores of inner nodes to those of labels, which are the leaves: down from the root."""
    (lefts, rights), logarithms = nodes, scores[labels:]
    logarithms[2 * labels - 2] = 0
    for inner in range(labels - 2, -1, -1):
        above, right = logarithms[labels + inner], 1 / (1 + math.exp(-scores[inner]))
        logarithms[lefts[inner]] = above + math.log(1 - right + _LITTLE)
        logarithms[rights[inner]] = above + math.log(right + _LITTLE)
    for label in range(labels):
        scores[label] = math.exp(logarithms[label])
