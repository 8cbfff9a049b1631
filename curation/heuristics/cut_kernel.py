"""The bytes that cuts take out of texts, and those that they leave."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Ints
from curation.heuristics.parts import Parts
from curation.kernels import helper, njit
from curation.tokens.lines import Lines
from curation.tokens.tokenise import Tokens


class Spans(NamedTuple):
    """Span s is bytes `starts[s]` to `ends[s]`; those of row r are `rows[r]` to `rows[r + 1]`."""

    rows: Ints
    starts: Ints
    ends: Ints


@njit(cache=True, nogil=True)
def spans_of_parts(tokens: Tokens, lines: Lines, parts: Parts) -> tuple[Ints, Ints]:
    """Where each part starts and ends: with the blanks before it, or, at a line's start, after it.

    No two overlap.
    """
    starts, ends = np.empty(len(parts.lines), np.int64), np.empty(len(parts.lines), np.int64)
    line_before, reached, is_start = -1, 0, True
    for part in range(len(parts.lines)):
        line, first, end = parts.lines[part], parts.firsts[part], parts.ends[part]
        if line != line_before:
            line_before, reached, is_start = line, lines.starts[line], True
        start = lines.starts[line] if first == lines.tokens[line] else tokens.ends[first - 1]
        is_start = is_start and start <= reached  # nothing stays before it
        starts[part] = max(start, reached)
        ends[part] = tokens.ends[end - 1]
        if end == lines.tokens[line + 1]:
            ends[part] = lines.ends[line]
        elif is_start:
            ends[part] = tokens.starts[end]
        reached = ends[part]
    return starts, ends


@njit(cache=True, nogil=True)
def spans_left(
    lines: Lines, stays: npt.NDArray[np.bool_], part_lines: Ints, starts: Ints, ends: Ints
) -> Spans:
    """What is left of each row: of lines that stay, what is between the parts that go.

    The parts are in the order of the text. A line brings its line break with it, but the last.
    """
    room = len(lines.starts) + len(part_lines)
    left = Spans(
        np.zeros(len(lines.rows), np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    )
    number = _fill(lines, stays, part_lines, starts, ends, left)
    return Spans(left.rows, left.starts[:number], left.ends[:number])


@helper
def _fill(
    lines: Lines,
    stays: npt.NDArray[np.bool_],
    part_lines: Ints,
    starts: Ints,
    ends: Ints,
    left: Spans,
) -> int:
    number, part = 0, 0
    for row in range(len(lines.rows) - 1):
        for line in range(lines.rows[row], lines.rows[row + 1]):
            at = lines.starts[line]
            while part < len(part_lines) and part_lines[part] <= line:
                if part_lines[part] == line and stays[line]:
                    left.starts[number], left.ends[number] = at, max(at, starts[part])
                    number, at = number + 1, max(at, ends[part])
                part += 1
            if stays[line]:
                left.starts[number], left.ends[number] = at, lines.ends[line] + 1
                number += 1
        if number > left.rows[row]:
            left.ends[number - 1] -= 1
        left.rows[row + 1] = number
    return number
