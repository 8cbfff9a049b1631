"""What annotation found, for people and for programs: `report.md` and `report.json`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from classifiers.card import table
from classifiers.evaluate import Estimate
from curation.annotation.agreement import Agreement
from curation.annotation.annotate import Annotated, missing_counts
from curation.annotation.figures import Compared, OfLanguage
from curation.annotation.questions import Job

_BY = ("language", "domain", "length", "score_class", "part")


@dataclass(frozen=True)
class Report:
    """All that is told; `of_student` is empty before there is one."""

    job: Job
    annotated: Annotated
    positive_from: int
    compared: Sequence[Compared]
    of_student: Sequence[OfLanguage] = ()

    def json(self) -> bytes:
        """For programs. Figures that could not be had are null."""
        rows, job = self.annotated.rows, self.job
        told = {
            "rubric": {"name": job.rubric.says.name, "sha256": job.rubric.sha256},
            "judge": job.judge.model,
            "temperature": job.judge.temperature,
            "positive_from": self.positive_from,
            "pages": job.pages.num_rows,
            "questions": rows.num_rows,
            "answers": rows.num_rows - rows["score"].null_count,
            "missing": missing_counts(rows),
            "stopped": self.annotated.stopped or None,
            "failures": dict(self.annotated.examples),
            "tokens_in": pc.sum(rows["tokens_in"]).as_py() or 0,
            "tokens_out": pc.sum(rows["tokens_out"]).as_py() or 0,
            "spent_this_time": asdict(self.annotated.spent)
            | {"cost": self.annotated.spent.cost(job.costs)},
            "scores": _score_counts(rows),
            "agreement": {of.name: _compared(of) for of in self.compared},
            "student": [{**asdict(of), "auc": _plain(of.auc)} for of in self.of_student],
        }
        return json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n"

    def markdown(self) -> str:
        """For people."""
        judged_by = f"{self.job.pages.num_rows:,} pages judged by {self.job.judge.model}"
        sections = {
            judged_by: self._counts(),
            "Agreement": agreement_section(self.compared, self.positive_from),
            "Student on test pages": languages_section(self.of_student),
            "Scores": _scores_section(self.annotated.rows),
            "What was judged": _strata_section(self.annotated.rows, self.positive_from),
        }
        if not self.of_student:
            del sections["Student on test pages"]
        title = f"# {self.job.rubric.says.name}\n\n{self.job.rubric.says.judges}"
        told = [f"## {name}\n\n{text}" for name, text in sections.items()]
        return "\n\n".join([title, *told]) + "\n"

    def _counts(self) -> str:
        rows, spent = self.annotated.rows, self.annotated.spent
        answers = rows.num_rows - rows["score"].null_count
        asked = f"{rows.num_rows:,} questions, {answers:,} answers"
        tokens = f"{spent.tokens_in:,} tokens in, {spent.tokens_out:,} out"
        cost = f"cost {spent.cost(self.job.costs):,.4f}"
        lines = [
            f"- {asked}; temperature {self.job.judge.temperature:g}",
            f"- asked this time: {spent.requests:,} requests, {tokens}, {cost}",
        ]
        if self.annotated.stopped:
            lines.append(f"- **stopped early:** {self.annotated.stopped}")
        for why, count in missing_counts(rows).items():
            example = self.annotated.examples.get(why)
            shown = f", such as `{' '.join(example.split())}`" if example else ""
            lines.append(f"- **without an answer:** {count:,} `{why}`{shown}")
        return "\n".join(lines)


def agreement_section(compared: Sequence[Compared], positive_from: int) -> str:
    """A row for each comparison; 95 % intervals in brackets."""
    rows = [(of.name, *_figures(of)) for of in compared]
    header = ["", "pairs", "kappa", "same score", "rank correlation"]
    header += [f"kappa, {positive_from} or more", "same side"]
    how = (
        "Kappa has quadratic weights. A student has one number per page: for the first two figures"
        " it is put on the scale by its quantile among the calibration pages. 95 % intervals are"
        " over sites."
    )
    return f"{table(header, rows)}\n\n{how}"


def _figures(of: Compared) -> Iterator[object]:
    yield of.scale.pairs if of.scale else "too few"
    for figure in ("kappa", "exact"):
        yield _shown(getattr(of.scale, figure, None))
    yield _shown(of.rank)
    for figure in ("kappa", "exact"):
        yield _shown(getattr(of.decision, figure, None))


def languages_section(languages: Sequence[OfLanguage]) -> str:
    """Area under the ROC curve, and calibration, by language."""
    rows = [
        (
            of.language,
            of.pages,
            of.positive,
            _shown(of.auc),
            f"{of.mean_probability:.3f}",
            f"{of.positive / of.pages:.3f}",
        )
        for of in languages
    ]
    header = ["language", "pages", "positive", "AUC (95 %)", "mean probability", "share positive"]
    return table(header, rows)


def _scores_section(rows: pa.Table) -> str:
    counts = _score_counts(rows)
    return table(["score", "answers"], [(score, f"{n:,}") for score, n in counts.items()])


def _score_counts(rows: pa.Table) -> dict[str, int]:
    counted = pc.value_counts(rows["score"].drop_null()).to_pylist()
    return {str(of["values"]): of["counts"] for of in sorted(counted, key=lambda of: of["values"])}


def _strata_section(rows: pa.Table, positive_from: int) -> str:
    first = rows.filter(pc.equal(rows["repeat"], 0))
    header = ["", "pages", "with an answer", "mean score", "positive"]
    return table(header, _strata(first, positive_from))


def _strata(first: pa.Table, positive_from: int) -> Iterator[tuple[object, ...]]:
    for name in _BY:
        for value in sorted(set(first[name].to_pylist())):
            of = first.filter(pc.equal(first[name], value))
            scores = of["score"].drop_null()
            mean = f"{pc.mean(scores).as_py():.2f}" if len(scores) else ""
            positive = pc.sum(pc.greater_equal(scores, positive_from)).as_py() or 0
            yield f"{name.replace('_', ' ')}: {value}", of.num_rows, len(scores), mean, positive


def _shown(figure: Estimate | None) -> str:
    return "" if figure is None else str(figure)


def _compared(of: Compared) -> Mapping[str, Any]:
    sides = {"scale": _agreement(of.scale), "decision": _agreement(of.decision)}
    return {**sides, "rank": _plain(of.rank)}


def _agreement(found: Agreement | None) -> Mapping[str, Any] | None:
    if found is None:
        return None
    figures = {name: _plain(getattr(found, name)) for name in ("kappa", "exact", "rank")}
    return {"pairs": found.pairs, **figures}


def _plain(figure: Estimate | None) -> Mapping[str, float | None] | None:
    if figure is None:
        return None
    return {name: None if math.isnan(value) else value for name, value in figure._asdict().items()}
