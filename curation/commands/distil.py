"""`curate distil`: annotation, then a student of the judge, calibrated and measured."""

from __future__ import annotations

import argparse
import re
import shlex
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from curation.annotation.config import StudentConfig
from curation.annotation.report import Report
from curation.commands.annotate import (
    Plan,
    add_options,
    carry_out,
    number,
    plan,
    write_report,
)
from curation.commands.options import add_wholes
from curation.commands.run import INCOMPLETE
from curation.encoder.packages import require_packages
from curation.errors import UserError
from curation.progress import Progress
from curation.storage import join, normalise, put, storage

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_LEAST_TOKENS = 8
_NUMBERS = {
    "max_tokens": "tokens of a page that the student reads",
    "epochs": "times that fine-tuning reads all pages",
}
_DESCRIBED = (
    *("rubric", "model", "pages", "quotas", "seed", "site_pages", "min_bytes", "score_classes"),
    *("candidates", "max_chars", "max_answer_tokens", "temperature", "repeats", "repeat_share"),
    *("student", "max_tokens", "name"),
)


def add_to(commands: Any) -> None:
    """The command."""
    parser = commands.add_parser(
        "distil",
        help="train an encoder on a language model's judgements",
        description=distil_command.__doc__,
    )
    add_options(parser)
    default = StudentConfig()
    parser.add_argument("--name", required=True, help="of the student's files in OUTPUT")
    parser.add_argument(
        "--student",
        default=default.student,
        metavar="ENCODER",
        help="minilm, or a checkpoint's folder or id (%(default)s)",
    )
    parser.add_argument(
        "--fine-tune", action="store_true", help="train all of its weights, not a head alone"
    )
    add_wholes(parser, _NUMBERS, default)
    parser.add_argument(
        "--learning-rate",
        type=number,
        default=default.learning_rate,
        metavar="RATE",
        help="of fine-tuning, at its highest (%(default)s)",
    )
    parser.add_argument("--device", default=default.device, help="cpu, cuda or auto (%(default)s)")
    parser.add_argument(
        "--licence",
        default="as the terms of the judge and of the encoder allow, which this file cannot know",
        help="of the student, for its card",
    )
    parser.set_defaults(command=distil_command)


def distil_command(options: argparse.Namespace) -> int:
    """Has a language model judge pages of a finished run, and trains an encoder on its judgements.

    A recipe names the student: encoder.path, the file NAME.json in the output.
    """
    require_packages("training a student", or_else="")
    from curation.annotation.foreseen import warnings
    from curation.annotation.student import open_student

    name, output = options.name, normalise(options.output)
    if not _NAME.fullmatch(name):
        raise UserError(f"--name {name}: expected letters, digits and . _ -")
    described = join(output, f"{name}.json")
    if storage(described).find(described) is not None:
        raise UserError(f"{described}: is there already: choose another name")
    names = ("student", "fine_tune", "max_tokens", "epochs", "learning_rate", "device")
    config = StudentConfig(**{key: getattr(options, key) for key in names})
    if config.max_tokens < _LEAST_TOKENS or not config.epochs:
        raise UserError(f"--max-tokens: {_LEAST_TOKENS} at least; --epochs: 1 at least")
    open_student(config)
    made = plan(options)
    for warning in warnings(made.job.pages, config.student):
        print(f"Before you pay: {warning}")
    if options.dry_run:
        return 0
    report = carry_out(made)
    told = _train(made, report, config, options)
    write_report(output, told)
    _show(told, output)
    print(f"In a recipe: encoder: {{path: {described}}}; its card: {join(output, name)}.md")
    return INCOMPLETE if report.annotated.stopped else 0


def _train(
    made: Plan, report: Report, config: StudentConfig, options: argparse.Namespace
) -> Report:
    """Writes the student; returns the report with what it is worth."""
    from classifiers.encoder.card import write_encoder_model
    from curation.annotation.card import card_of
    from curation.annotation.distil import distil
    from curation.annotation.foreseen import advice

    name, made_by = options.name, shlex.join(_command(options))
    with tempfile.TemporaryDirectory() as made_in, Progress().step("training"):
        folder = Path(made_in)
        kept = f"All answers are kept in {made.cache}: {advice(made.job.pages, made.sample)}"
        distilled = distil(report, name, config, folder=folder, advice=kept)
        card = card_of(name, distilled, made_by=made_by, licence=options.licence)
        student = distilled.student
        write_encoder_model(folder, name, student.description, student.content, card)
        _publish(folder, made.output, last=f"{name}.json")
    return distilled.report


def _publish(folder: Path, output: str, *, last: str) -> None:
    """All files below the folder; the description last: who finds it finds all."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in sorted(files, key=lambda path: path.name == last):
        put(join(output, str(path.relative_to(folder))), path.read_bytes())


def _show(report: Report, output: str) -> None:
    shown = Table("", "kappa", "rank correlation", "same side", title=output)
    for of in report.compared:
        figures = getattr(of.scale, "kappa", ""), of.rank or "", getattr(of.decision, "exact", "")
        shown.add_row(of.name, *map(str, figures))
    Console().print(shown)


def _command(options: argparse.Namespace) -> list[str]:
    """The command, without where things are, what they cost, and how requests are made."""
    given = ["curate", "distil"]
    if options.language:
        given += ["--language", *options.language]
    if options.positive_from is not None:
        given += ["--positive-from", str(options.positive_from)]
    for name in _DESCRIBED:
        given += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
    tuned = ["--fine-tune", "--epochs", str(options.epochs)]
    tuned += ["--learning-rate", str(options.learning_rate)]
    return [*given, *(tuned if options.fine_tune else [])]
