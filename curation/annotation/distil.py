"""Distillation: a report on judged pages in; a student, and that report with its figures, out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from curation.annotation.candidates import CURRENT
from curation.annotation.config import StudentConfig
from curation.annotation.figures import Compared, of_languages, with_judge
from curation.annotation.labelled import labelled
from curation.annotation.report import Report
from curation.annotation.student import Student, learnable, require_pages, train_student


@dataclass(frozen=True)
class Distilled:
    """A student, the pages that it learnt from and was tested on, and all that is told."""

    student: Student
    pages: pa.Table
    report: Report


def distil(
    report: Report, name: str, config: StudentConfig, *, folder: Path, advice: str
) -> Distilled:
    """What training writes goes into `folder`.

    Raises `UserError` with the `advice` where too few pages of a kind were judged.
    """
    start = report.positive_from
    judged = labelled(report.job.pages, report.annotated.rows, positive_from=start)
    pages = learnable(judged)
    require_pages(pages, judged=judged.num_rows, advice=advice)
    head = report.job.rubric.says.head
    student = train_student(pages, head, name, config, folder=folder)
    compared = [*report.compared, *_compared(pages, student, report)]
    languages = tuple(of_languages(pages, student.scores))
    return Distilled(student, pages, replace(report, compared=compared, of_student=languages))


def _compared(pages: pa.Table, student: Student, report: Report) -> Iterator[Compared]:
    """The student, and the score that pages had before."""
    start = report.positive_from
    yield with_judge("student with judge", pages, student.scores, start, calibrated=True)
    current = pages["score"].to_numpy().astype(np.float32)
    name = f"fastText's {CURRENT[report.job.rubric.says.head]} with judge"
    yield with_judge(name, pages, current, start, calibrated=False)
