"""A recipe: every value that decides what a run does, as YAML into frozen dataclasses.

In: a YAML file (or the name of a bundled one) and `--set a.b=c` overrides. Out: a `Recipe`, with
nothing left to default. Each stage declares its own config beside its code; here they are put
together. Anything unknown, of a wrong type or out of range is a `UserError` of one line that
names the key, what is allowed, and the nearest valid key.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, ClassVar, get_args, get_origin, get_type_hints

import yaml
from annotated_types import MinLen
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from classifiers.encoder.checkpoint import PACKAGE
from classifiers.encoder.hub import is_hub_id
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
from curation.quality.config import BUNDLED, QualityConfig, ScoresConfig
from curation.quality.config import mistake_in as mistake_in_quality
from curation.safety.blocklist.config import BlocklistConfig, category_mistake_in
from curation.safety.config import SafetyConfig
from curation.split_pass import RejectsConfig
from curation.splits import SplitsConfig
from curation.storage import normalise
from curation.token_counts.config import TokensConfig
from curation.token_counts.open import placed_tokenizer


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
    for item in _inputs(values):
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
    for item in _inputs(values):  # overrides too may be relative
        if item.get("prefix") and isinstance(item["prefix"], str):
            item["prefix"] = normalise(item["prefix"])
    place_artefacts(values)
    return validate(values, source=name)


def validate(values: dict[str, Any], *, source: str) -> Recipe:
    """`values` as a `Recipe`; raises `UserError` for the first thing wrong with them."""
    try:
        recipe = _ADAPTER.validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise UserError(f"recipe {source}: {_explain(error)}") from error
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


class _UniqueKeys(yaml.SafeLoader):
    """YAML lets the last of two equal keys win in silence; a recipe does not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        merge = "tag:yaml.org,2002:merge"  # `<<: *other`, which may be overridden
        named = [key for key, _ in node.value if key.tag != merge]
        keys = [self.construct_object(key, deep=True) for key in named]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise yaml.YAMLError(f"the key '{twice[0]}' stands twice{node.start_mark}")
        return super().construct_mapping(node, deep)


_UniqueKeys.add_implicit_resolver(  # YAML 1.1 takes 1e-5 for text
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read_values(file: Traversable) -> dict[str, Any]:
    """The keys and values of a YAML file; raises `UserError` where it is none."""
    try:
        text = file.read_text(encoding="utf-8")  # a bundled one may lie in a zip
        values = yaml.load(text, _UniqueKeys)  # noqa: S506 - a safe loader
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"recipe {file}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise UserError(f"recipe {file}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise UserError(f"recipe {file}: expected keys and values")
    return values


def _inputs(values: dict[str, Any]) -> list[dict[str, Any]]:
    inputs = values.get("inputs")
    return [i for i in inputs if isinstance(i, dict)] if isinstance(inputs, list) else []


def place_artefacts(values: dict[str, Any], *, base: str | None = None) -> None:
    """Makes paths of files that the values name whole, from the folder `base`."""
    for artefact in (
        _at(values, "heuristics", "reference"),
        *_listed(values, "blocklist", "lists"),
        *_listed(values, "dedup", "against"),
        _at(values, "dedup", "lines", "allow_list"),
        *_listed(values, "decontaminate", "benchmarks"),
        *(_at(values, "scores", one.name) for one in dataclasses.fields(ScoresConfig)),
    ):
        path = artefact.get("path") if isinstance(artefact, dict) else None
        if isinstance(path, str) and not path.startswith(BUNDLED):
            artefact["path"] = normalise(path, base=base)
    encoder = _at(values, "encoder")
    path = encoder.get("path") if isinstance(encoder, dict) else None
    if isinstance(path, str) and not path.startswith((BUNDLED, PACKAGE)):
        encoder["path"] = _placed_checkpoint(path, base)
    tokens = _at(values, "tokens")
    name = tokens.get("tokenizer") if isinstance(tokens, dict) else None
    if isinstance(name, str) and name:
        tokens["tokenizer"] = placed_tokenizer(name, base)


def _placed_checkpoint(path: str, base: str | None) -> str:
    """OWNER/NAME may be a folder, or the name of a checkpoint on the hub."""
    placed = normalise(path, base=base)
    is_file = path.endswith(".json") or "://" in placed or os.path.exists(placed)
    return placed if is_file or not is_hub_id(path) else path


def _at(values: Any, *keys: str) -> Any:
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _listed(values: Any, *keys: str) -> list[Any]:
    found = _at(values, *keys)
    return found if isinstance(found, list) else []


def _only_input(values: dict[str, Any], option: str) -> dict[str, Any]:
    inputs = values.setdefault("inputs", [{"name": "crawl"}])
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise UserError(f"{option} needs a recipe with one input: say it in the recipe")
    only: dict[str, Any] = inputs[0]
    return only


def override(values: dict[str, Any], change: str) -> None:
    """Makes the change `key.sub=value`; raises `UserError` where there is no such place."""
    path, equals, text = change.partition("=")
    if not equals:
        raise UserError(f"--set {change}: expected key.sub=value")
    *parents, last = path.split(".")
    target: Any = values
    try:
        value = yaml.load(text, _UniqueKeys)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise UserError(f"--set {change}: the value is not YAML") from error
    try:
        for key in parents:
            target = target[int(key)] if isinstance(target, list) else target.setdefault(key, {})
        target[int(last) if isinstance(target, list) else last] = value
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise UserError(f"--set {change}: no such place in the recipe") from error


def _explain(error: ValidationError) -> str:
    errors = error.errors(include_url=False)
    # A key that is missing may be there under a wrong name, which says more.
    first = min(errors, key=lambda e: e["type"] != "unexpected_keyword_argument")
    path = first["loc"]
    key = ".".join(str(part) for part in path)
    if first["type"] == "unexpected_keyword_argument":
        valid = [f.name for f in _fields(_type_at(path[:-1]))]
        near = get_close_matches(str(path[-1]), valid, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(valid)}"
        return f"unknown key '{key}': {hint}"
    if first["type"] == "missing":
        hint = ": name them in the recipe, or with --input" if key == "inputs" else ""
        return f"'{key}' is missing{hint}"
    allowed = _allowed(_type_at(path))
    got = json.dumps(first["input"], default=str)
    return f"'{key}' is {got[:80]}: {allowed or first['msg']}"


def _fields(hint: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(hint) if dataclasses.is_dataclass(hint) else ()


def _type_at(path: Iterable[str | int]) -> Any:
    """The annotated type of the key at `path`; None where the path leaves the dataclasses."""
    hint: Any = Recipe
    for part in path:
        if dataclasses.is_dataclass(_bare(hint)):
            hint = get_type_hints(_bare(hint), include_extras=True).get(str(part))
        else:
            hint = _element(hint)
    return _bare(hint) if dataclasses.is_dataclass(_bare(hint)) else hint


def _bare(hint: Any) -> Any:
    """Without what is said beside a type: its limits, or that it may be null."""
    if get_origin(hint) is Annotated or get_args(hint)[1:] == (NoneType,):
        return _bare(get_args(hint)[0])
    return hint


def _element(hint: Any) -> Any:
    """The type of what is in a list, of a value in a mapping, or the first of two that may be."""
    arguments = get_args(_bare(hint))
    if get_origin(_bare(hint)) is dict:
        return arguments[1]
    return arguments[0] if arguments else None


def _allowed(hint: Any) -> str | None:
    """What may stand at a key of this type, in words."""
    bare = _bare(hint)
    if dataclasses.is_dataclass(bare):
        return f"expected keys and values: {', '.join(f.name for f in _fields(bare))}"
    if get_origin(bare) is tuple:
        return "expected a list" + (", of one thing at least" if _is_filled(hint) else "")
    if get_origin(bare) is dict:
        return "expected keys and values"
    if bare not in (int, float):
        return None
    or_null = ", or null" if get_args(hint)[1:] == (NoneType,) else ""
    return "expected a " + ("whole number" if bare is int else "number") + _range(hint) + or_null


def _is_filled(hint: Any) -> bool:
    fields = [m for m in get_args(hint)[1:] if hasattr(m, "metadata")]
    return any(isinstance(m, MinLen) for field in fields for m in field.metadata)


def _range(hint: Any) -> str:
    if get_args(hint)[1:] == (NoneType,):
        hint = get_args(hint)[0]
    fields = [m for m in get_args(hint)[1:] if hasattr(m, "metadata")]
    limits = {type(m).__name__: m for f in fields for m in f.metadata}
    if "Gt" in limits:
        return f" above {limits['Gt'].gt}, at most {limits['Le'].le}"
    low = getattr(limits.get("Ge"), "ge", None)
    high = getattr(limits.get("Le"), "le", None)
    below = getattr(limits.get("Lt"), "lt", None)
    if low is None:
        return ""
    if high is not None:
        return f" from {low} to {high}"
    return f" of at least {low}" if below is None else f" from {low} to below {below}"


_ADAPTER: TypeAdapter[Recipe] = TypeAdapter(Recipe)
