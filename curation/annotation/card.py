"""What people must know of a student: judged pages and figures in, its card out."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from classifiers.card import Card, table
from curation.annotation.annotate import missing_counts
from curation.annotation.distil import Distilled
from curation.annotation.report import Report, agreement_section, languages_section
from curation.annotation.student import LABELS
from curation.training.config import PARTS

LIMITS = """
- It tells what the judge would say, as far as a first part of a page shows it. The judge is a
  language model, with mistakes and preferences of its own; nobody else has judged these pages.
- The judge's noise bounds its agreement: even a perfect student agrees with single judgements only
  somewhat better than these with each other (the first row of agreement).
- A probability of 0.5 is where a page like those that were judged is positive as often as not. They
  were drawn by strata, so shares among them are not those of the crawl: thresholds must be
  quantiles of a crawl's own scores.
- Pages in languages that it has not learnt have no score; languages with few pages share a curve.
- A page can be written to please a judge. The judge was told not to follow a page's instructions;
  the student has learnt from what it said all the same.
"""
_KEYS = ("language", "part", "positive")


def card_of(name: str, distilled: Distilled, *, made_by: str, licence: str) -> Card:
    """The card of the student `name`."""
    report = distilled.report
    says, scores = report.job.rubric.says, report.job.rubric.scores
    return Card(
        title=name,
        tells=(
            f"How likely the judge would give a page {report.positive_from} or more of"
            f" {scores[-1]}. It judges: {says.judges}"
        ),
        made_by=made_by,
        licence=licence,
        sections={
            "Judge": _judge(report),
            "Rubric": _rubric(report),
            "Data": _data(report, distilled.pages),
            "Student": f"It is {distilled.student.how}.",
            "Agreement": agreement_section(report.compared, report.positive_from),
            "On test pages": languages_section(report.of_student),
            "Limits": LIMITS,
        },
    )


def _judge(report: Report) -> str:
    rows, job = report.annotated.rows, report.job
    answers = rows.num_rows - rows["score"].null_count
    missing = [f"{count:,} {why}" for why, count in missing_counts(rows).items()]
    without = f" Without an answer: {', '.join(missing)}." if missing else ""
    return (
        f"`{job.judge.model}` at temperature {job.judge.temperature:g} answered {answers:,} of"
        f" {rows.num_rows:,} questions about {job.pages.num_rows:,} pages, each cut to"
        f" {job.judge.max_chars:,} characters.{without}"
    )


def _rubric(report: Report) -> str:
    rubric = report.job.rubric
    scale = "\n".join(f"- {score}: {meaning}" for score, meaning in rubric.says.scale.items())
    told = f"`{rubric.says.name}`, sha256 `{rubric.sha256}`:"
    parts = (told, rubric.says.requirements.strip(), rubric.says.scale_rule.strip(), scale)
    return "\n\n".join(parts)


def _data(report: Report, pages: pa.Table) -> str:
    counts = Counter(zip(*(pages[key].to_pylist() for key in _KEYS), strict=True))
    rows = [
        (
            language,
            *(
                f"{counts[language, part, True]:,} / {counts[language, part, False]:,}"
                for part in range(len(PARTS))
            ),
        )
        for language in sorted(set(pages["language"].to_pylist()))
    ]
    sites = pc.count_distinct(pages["site"]).as_py()
    label = LABELS[report.job.rubric.says.head]
    how = (
        f"Pages of {sites:,} sites, each wholly in one part; `{label}` (a score of"
        f" {report.positive_from} or more) / other:"
    )
    return f"{how}\n\n{table(['language', *PARTS], rows)}"
