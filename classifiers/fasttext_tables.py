"""A fastText model as `fasttext_kernel` reads it: a row per feature, multiplied out beforehand.

In: a file, read and checked. Out: `Model`. A row has a number per label, or one for both of two, or
is as it is in the file where there are more labels than dimensions. Rows are computed in blocks, so
that a file which is mapped is never all in memory, and each sum is made in one order, so that every
processor makes the same tables.
"""

from __future__ import annotations

import numpy as np

from classifiers import fasttext_file as file
from classifiers.fasttext_file import FastTextFile
from classifiers.fasttext_kernel import Model, fold
from classifiers.fasttext_losses_kernel import (
    HIERARCHICAL,
    SIGMOID,
    SOFTMAX,
    Doubles,
    Floats,
    Places,
)
from classifiers.fasttext_words_kernel import LONG, find_word, hash_and_key
from curation.arrow_text import Bytes, Ints, copy_spans
from curation.kernels import njit

_LOSSES = {
    file.HIERARCHICAL: HIERARCHICAL,
    file.NEGATIVE_SAMPLING: SIGMOID,
    file.ONE_VS_ALL: SIGMOID,
    file.SOFTMAX: SOFTMAX,
}
_BLOCK = 1 << 14  # rows
_NEVER = 10**15  # the weight of a node that is not built yet
_MOST_STEPS = 1000  # a search among the words of a real model has some ten


def lay_out(content: FastTextFile) -> Model:
    """The tables; raises `ValueError` where numbers are not finite, or a word is there twice."""
    arguments, words = content.arguments, len(content.starts)
    outputs, lefts, rights = _outputs(content)
    is_projected = len(outputs) <= arguments.dimensions
    text, ends = _join(content)
    slots = _find_slots(text, ends)
    has_buckets = content.pruned is None or len(content.pruned) > 0
    model = Model(
        slots=slots,
        text=text,
        ends=ends,
        features=np.ones(words, np.int32),
        table=_project(content, outputs if is_projected else np.eye(arguments.dimensions)),
        kept=_kept(content),
        outputs=np.empty((0, 0)) if is_projected else outputs,
        lefts=lefts,
        rights=rights,
        loss=_LOSSES[arguments.loss],
        labels=len(content.labels),
        buckets=arguments.buckets,
        word_ngrams=arguments.word_ngrams if has_buckets else 1,
        min_characters=arguments.min_characters,
        max_characters=arguments.max_characters if has_buckets else 0,
    )
    if model.max_characters:
        fold(model)
    return model


def _outputs(content: FastTextFile) -> tuple[Doubles, Places, Places]:
    """What a mean is multiplied by, and the children of the nodes of a tree."""
    outputs = content.outputs.rows(0, len(content.outputs)).astype(np.float64)
    none = np.empty(0, np.int32)
    if content.arguments.loss == file.HIERARCHICAL:
        return (outputs[:-1], *_tree(content.label_counts))
    if content.arguments.loss == file.SOFTMAX and len(outputs) == 2:
        return outputs[1:] - outputs[:1], none, none
    return outputs, none, none


def _tree(counts: Ints) -> tuple[Places, Places]:
    """Huffman's tree as fastText builds it from labels in descending order: left and right nodes.

    Nodes 0 to `len(counts) - 1` are labels, the others follow.
    """
    labels = len(counts)
    if sum(counts.tolist()) >= _NEVER:
        raise ValueError("no fastText model: the counts of its labels are too large")
    weights = np.full(2 * labels - 1, _NEVER, np.int64)
    weights[:labels] = counts
    children = np.empty((labels - 1, 2), np.int32)
    leaf, node = labels - 1, labels
    for parent in range(labels, 2 * labels - 1):
        for side in range(2):
            if leaf >= 0 and weights[leaf] < weights[node]:
                children[parent - labels, side], leaf = leaf, leaf - 1
            else:
                children[parent - labels, side], node = node, node + 1
        weights[parent] = weights[children[parent - labels]].sum()
    return np.ascontiguousarray(children[:, 0]), np.ascontiguousarray(children[:, 1])


def _join(content: FastTextFile) -> tuple[Bytes, Ints]:
    """The bytes of all words, then of labels, and where each ends."""
    sizes = [*(content.ends - content.starts), *(len(label.encode()) for label in content.labels)]
    ends = np.cumsum(sizes, dtype=np.int64)
    text = np.empty(ends[-1], np.uint8)
    copy_spans(content.data, content.starts, content.ends, text)
    labels = "".join(content.labels).encode()
    text[len(text) - len(labels) :] = np.frombuffer(labels, np.uint8)
    return text, ends


def _find_slots(text: Bytes, ends: Ints) -> Ints:
    """At least a third of them are free."""
    slots = np.full((1 << (len(ends) * 3 // 2).bit_length(), 2), -1, np.int64)
    if not _fill_slots(text, ends, slots):
        raise ValueError("no fastText model: its words are the same, or made to collide")
    return slots


@njit(cache=True, nogil=True)
def _fill_slots(text: Bytes, ends: Ints, slots: Ints) -> bool:
    for number in range(len(ends)):
        word = text[ends[number - 1] if number else 0 : ends[number]]
        value, key = hash_and_key(word)
        if find_word(word, value, key, slots, text, ends) >= 0:
            return False
        slot, steps = value & (len(slots) - 1), 0
        while slots[slot, 1] >= 0:
            slot, steps = (slot + 1) & (len(slots) - 1), steps + 1
            if steps > _MOST_STEPS:
                return False
        slots[slot, 0], slots[slot, 1] = key, number << 1 | LONG * (len(word) > 8)
    return True


def _kept(content: FastTextFile) -> Ints:
    """Which buckets have a row, and where, as `Model` says; untouched memory is not used."""
    if content.pruned is None:
        return np.empty(0, np.int64)
    kept = np.zeros((content.arguments.buckets + 31) // 32, np.int64)
    buckets = np.sort(content.pruned).astype(np.int64)
    np.bitwise_or.at(kept, buckets // 32, 1 << buckets % 32)
    blocks, first = np.unique(buckets // 32, return_index=True)
    kept[blocks] |= (len(content.starts) + first) << 32
    return kept


def _project(content: FastTextFile, outputs: Doubles) -> Floats:
    rows = len(content.inputs)
    table = np.zeros((rows + 1, len(outputs)), np.float32)
    for first in range(0, rows, _BLOCK):
        last = min(first + _BLOCK, rows)
        _multiply(content.inputs.rows(first, last), outputs, table[first:last])
    if not (np.isfinite(outputs).all() and np.isfinite(table).all()):
        raise ValueError("no fastText model: not all of its numbers are finite")
    if content.pruned is not None:  # from the order of the file to that of buckets
        table[len(content.starts) : rows] = table[len(content.starts) + np.argsort(content.pruned)]
    return table


@njit(cache=True, nogil=True)
def _multiply(rows: Floats, outputs: Doubles, table: Floats) -> None:
    for row in range(len(rows)):
        for output in range(len(outputs)):
            total = 0.0
            for column in range(rows.shape[1]):
                total += rows[row, column] * outputs[output, column]
            table[row, output] = total
