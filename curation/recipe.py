"""A recipe: every value that decides what a run does, as YAML into frozen dataclasses.

In: a YAML file (or the name of a bundled one) and `--set a.b=c` overrides. Out: a `Recipe`, with
nothing left to default. Each stage declares its own config beside its code; here they are put
together. Anything unknown, of a wrong type or out of range is a `UserError` of one line that
names the key, what is allowed, and the nearest valid key.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, ClassVar

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from curation.decontaminate.config import DecontaminateConfig
from curation.decontaminate.config import mistake_in as mistake_in_decontaminate
from curation.dedup.config import DedupConfig
from curation.dedup.config import mistake_in as mistake_in_dedup
from curation.domains.config import DomainsConfig
from curation.encoder.config import EncoderConfig
from curation.encoder.config import mistake_in as mistake_in_encoder
from curation.errors import UserError
from curation.extract.config import ExtractConfig
from curation.heuristics.config import HeuristicsConfig, mistake_in
from curation.hosts.config import HostsConfig
from curation.ingest.config import IngestConfig, InputConfig
from curation.language.identify import LanguageConfig
from curation.mixing.config import MixConfig, ShardsConfig
from curation.mixing.config import mistake_in as mistake_in_mix
from curation.pii.config import PiiConfig
from curation.pii.config import mistake_in as mistake_in_pii
from curation.quality.config import QualityConfig, ScoresConfig
from curation.quality.config import mistake_in as mistake_in_quality
from curation.recipe_errors import explain
from curation.recipe_values import inputs_in, override, place_artefacts, read_values
from curation.safety.blocklist.config import BlocklistConfig, category_mistake_in
from curation.safety.config import SafetyConfig
from curation.split_pass import RejectsConfig
from curation.splits import SplitsConfig
from curation.storage import normalise
from curation.token_counts.config import TokensConfig


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The whole of it, in the order of the stages."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False
    )

    name: Annotated[str, Field(min_length=1)]
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    inputs: Annotated[tuple[InputConfig, ...], Field(min_length=1)]
    sample: Annotated[float, Field(gt=0, le=1)] = 1.0
    splits: SplitsConfig = SplitsConfig()
    ingest: IngestConfig = IngestConfig()
    blocklist: BlocklistConfig = BlocklistConfig()
    extract: ExtractConfig = ExtractConfig()
    language: LanguageConfig = LanguageConfig()
    pii: PiiConfig = PiiConfig()
    safety: SafetyConfig = SafetyConfig()
    heuristics: HeuristicsConfig = HeuristicsConfig()
    scores: ScoresConfig = ScoresConfig()
    rejects: RejectsConfig = RejectsConfig()
    hosts: HostsConfig = HostsConfig()
    dedup: DedupConfig = DedupConfig()
    domains: DomainsConfig = DomainsConfig()
    quality: QualityConfig = QualityConfig()
    encoder: EncoderConfig | None = None
    decontaminate: DecontaminateConfig | None = None
    tokens: TokensConfig = TokensConfig()
    mix: MixConfig | None = field(default_factory=MixConfig)
    shards: ShardsConfig = field(default_factory=ShardsConfig)


def load(
    name: str, *, paths: Iterable[str] = (), prefix: str = "", overrides: Iterable[str] = ()
) -> Recipe:
    """The recipe in file `name`, or the bundled one of that name.

    `paths` and `prefix` replace those of the recipe's only input; `overrides` are `key.sub=value`
    with a YAML value. Relative paths in a recipe count from its own folder, others from the
    working folder.
    Raises `UserError` for whatever is wrong with any of them.
    """
    file = _find(name)
    values = read_values(file)
    folder = os.path.dirname(str(file))
    for item in inputs_in(values):
        found = item.get("paths")
        if isinstance(found, list):
            item["paths"] = [normalise(str(path), base=folder) for path in found]
        if item.get("prefix") and isinstance(item["prefix"], str):
            item["prefix"] = normalise(item["prefix"], base=folder)
    place_artefacts(values, base=folder)
    if paths:
        _only_input(values, "--input")["paths"] = [normalise(path) for path in paths]
    if prefix:
        _only_input(values, "--prefix")["prefix"] = prefix
    for change in overrides:
        override(values, change)
    for item in inputs_in(values):  # overrides too may be relative
        if item.get("prefix") and isinstance(item["prefix"], str):
            item["prefix"] = normalise(item["prefix"])
    place_artefacts(values)
    return validate(values, source=name)


def validate(values: dict[str, Any], *, source: str) -> Recipe:
    """`values` as a `Recipe`; raises `UserError` for the first thing wrong with them."""
    try:
        recipe = _ADAPTER.validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise UserError(f"recipe {source}: {explain(error, Recipe)}") from error
    if problem := _contradiction(recipe):
        raise UserError(f"recipe {source}: {problem}")
    return recipe


def _contradiction(recipe: Recipe) -> str | None:
    """What is wrong with values that are each right by themselves."""
    names = [source.name for source in recipe.inputs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return f"two inputs are named '{twice[0]}': give each a 'name' of its own"
    for source in recipe.inputs:
        if problem := _input_contradiction(source) or _unmeasured(source, recipe.safety):
            return f"input '{source.name}': {problem}"
    if (recipe.safety.opt_outs or recipe.safety.max_toxicity is not None) and not any(
        "safety" in source.stages for source in recipe.inputs
    ):
        return "'safety' says what goes, and no input passes the stage 'safety'"
    if recipe.quality.is_set and not any("scores" in source.stages for source in recipe.inputs):
        return "'quality' says who stays, and no input passes the stage 'scores'"
    return (
        category_mistake_in(recipe.blocklist)
        or mistake_in_pii(recipe.pii)
        or mistake_in(recipe.heuristics)
        or mistake_in_dedup(recipe.dedup)
        or mistake_in_quality(recipe.quality, recipe.scores)
        or mistake_in_encoder(recipe.encoder)
        or mistake_in_decontaminate(recipe.decontaminate)
        or (mistake_in_mix(recipe.mix, names) if recipe.mix else None)
    )


def _input_contradiction(source: InputConfig) -> str | None:
    if "heuristics" in source.stages and "language" not in source.stages:
        return "stage 'heuristics' needs 'language' before it"
    if source.format == "index" and not source.prefix:
        return "an index needs 'prefix', such as s3://commoncrawl/"
    if source.where and source.format != "index":
        return "'where' needs 'format: index'"
    return None


def _unmeasured(source: InputConfig, safety: SafetyConfig) -> str | None:
    if safety.max_toxicity is None or "safety" not in source.stages or "language" in source.stages:
        return None
    return "'safety.max_toxicity' needs the stage 'language' before 'safety'"


def dump(recipe: Recipe) -> str:
    """The resolved recipe as YAML that `load` reads back to an equal one."""
    return yaml.safe_dump(_ADAPTER.dump_python(recipe, mode="json"), sort_keys=False, width=100)


def bundled() -> list[str]:
    """The names of the bundled recipes."""
    folder = resources.files("curation.recipes")
    return sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml"))


def _find(name: str) -> Traversable:
    if name in bundled():
        return resources.files("curation.recipes").joinpath(f"{name}.yaml")
    if os.path.isfile(name):
        return Path(os.path.abspath(name))
    raise UserError(f"recipe {name}: no such file, and no bundled one: {', '.join(bundled())}")


def _only_input(values: dict[str, Any], option: str) -> dict[str, Any]:
    inputs = values.setdefault("inputs", [{"name": "crawl"}])
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise UserError(f"{option} needs a recipe with one input: say it in the recipe")
    only: dict[str, Any] = inputs[0]
    return only


_ADAPTER: TypeAdapter[Recipe] = TypeAdapter(Recipe)
