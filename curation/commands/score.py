"""`curate score`: what an encoder says of a run's documents; and how `curate run` starts it."""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from curation.driver import require_done
from curation.encoder.packages import require_packages
from curation.encoder.work import is_scored
from curation.errors import ReportedError, UserError
from curation.progress import Progress
from curation.run import Run
from curation.storage import normalise

_CHILD = "--until-closed"
_END_S = 10  # in which Ray ends in order
_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(\d{1,5})", re.ASCII)
_MOST_PORT = 65535


def add_to(commands: Any) -> None:
    """The command."""
    score = commands.add_parser(
        "score", help="score a run's documents by its encoder", description=score_command.__doc__
    )
    score.add_argument("--output", required=True, metavar="DIR", help="the run's folder")
    add_ray_address(score)
    score.add_argument(_CHILD, action="store_true", help=argparse.SUPPRESS)
    score.set_defaults(command=score_command)


def add_ray_address(parser: argparse.ArgumentParser) -> None:
    """`--ray-address`, of every command that scores."""
    parser.add_argument(
        "--ray-address",
        type=_ray_address,
        metavar="ADDRESS",
        help="a Ray cluster that scores: 'auto' for that of this machine, or HOST:PORT; without it,"
        " one is started on this machine",
    )


def _ray_address(text: str) -> str:
    found = _HOST_AND_PORT.fullmatch(text)
    if text == "auto" or (found and 0 < int(found[1]) <= _MOST_PORT):
        return text
    raise argparse.ArgumentTypeError(f"{text}: expected 'auto', or HOST:PORT such as head:6379")


def score_command(options: argparse.Namespace) -> int:
    """Scores the documents that are still in, of a run that is judged by quality.

    No Spark: on this machine, with its GPUs if it has some, or on a cluster of Ray.
    """
    if options.until_closed:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us says that it was
        signal.signal(signal.SIGTERM, _end)
        threading.Thread(target=_end_with_input, daemon=True).start()
    run = Run.load(normalise(options.output))
    if run.recipe.encoder is None:
        raise UserError(f"{run.folder}: its recipe has no encoder: there is nothing to score")
    require_packages()
    require_done(run, "quality")
    if is_scored(run):
        print(f"{run.folder}: is scored already; nothing to score", file=sys.stderr)
        return 0
    from curation.encoder.cluster import connected

    with connected(options.ray_address):
        from curation.encoder.ray_job import hush, score_splits

        hush()
        score_splits(run, Progress())
    return 0


def score_apart(folder: str, ray_address: str | None) -> None:
    """`curate score` as a process of its own, which ends when this one does, however it does.

    Raises `ReportedError` where it failed, and has said why.
    """
    given = ["--ray-address", ray_address] if ray_address else []
    command = [sys.executable, "-m", "curation.cli", "score", "--output", folder, _CHILD, *given]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        status = process.wait()
    if status:
        raise ReportedError(status)


def _end_with_input() -> None:
    """Ends this process, and with it the workers of its Ray, when nobody can write to it more.

    As by SIGTERM, so that the folder of Ray goes too; and anyhow, if that takes long.
    """
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_END_S)
    os._exit(1)


def _end(number: int, _: object) -> None:
    """What Ray does too, from when it is started."""
    sys.exit(number)
