"""A run to its end: Spark, then scores by an encoder where it has one, then Spark again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyspark.sql import SparkSession

from curation import pipeline
from curation.commands.score import score_apart
from curation.encoder.cluster import require_answer
from curation.errors import UserError
from curation.finish import Outcome
from curation.progress import Progress
from curation.run import Run
from curation.session import is_submitted, session

Begin = Callable[[Run, SparkSession, Progress], object]


def complete(
    run: Run, conf: Mapping[str, str], begin: Begin, *, ray_address: str | None
) -> Outcome | None:
    """Does `begin`, which goes as far as an encoder's scores, and all that comes after it.

    None where the run is finished by then. Under `spark-submit` there is one session alone, and
    whoever submits scores between two jobs: a `UserError` says so. Another one tells, before all
    that, of an address at which no Ray answers.
    """
    if ray_address:
        if run.recipe.encoder is None:
            raise UserError(f"--ray-address {ray_address}: the recipe has no encoder: leave it out")
        require_answer(ray_address)
    with session(conf) as spark:
        begin(run, spark, Progress())
        if run.finished:
            return None
        if is_submitted() or not pipeline.lacks_scores(run):
            return pipeline.after_scores(run, spark, Progress())
    score_apart(run.folder, ray_address)
    with session(conf) as spark:
        return pipeline.after_scores(run, spark, Progress())
