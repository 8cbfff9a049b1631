"""The data card: what a run counted and its recipe in, the data set's `README.md` out.

In the form of Hugging Face's dataset cards (huggingface.co/docs/hub/datasets-cards), after the
questions of "Datasheets for Datasets" (Gebru et al. 2018): what is in it, where it comes from, what
was done with it, what it is not good for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml

from classifiers.card import table
from curation.language.identify import UNDETERMINED
from curation.ledger import Step
from schemas.shard import SHARD

if TYPE_CHECKING:
    from curation.mixing.data_set import DataSet

_TOP_LANGUAGES, _TOP_REASONS = 20, 6
_SIZES = (
    *((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M")),
    *((10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B")),
    *((10**11, "10B<n<100B"), (10**12, "100B<n<1T"), (float("inf"), "n>1T")),
)


def make_card(data: DataSet, manifest: Mapping[str, Any]) -> str:
    """The page; `manifest` is that of the data set."""
    sections = (
        _summary(data, manifest),
        _read(manifest),
        _sources(data),
        _mix(data, manifest),
        _languages(data.composition.to_pylist()),
        _filters(data.funnels),
        _limits(data),
        _made(manifest),
    )
    return "\n".join((_front_matter(data, manifest), *sections))


def _front_matter(data: DataSet, manifest: Mapping[str, Any]) -> str:
    languages = sorted({row["language"] for row in data.composition.to_pylist()} - {UNDETERMINED})
    apart = data.recipe.shards.by_domain
    domains = sorted({row["domain"] for row in data.composition.to_pylist()})
    every = "shards/*/*.parquet" if apart else "shards/*.parquet"
    configs = [{"config_name": "default", "data_files": every}]
    configs += [{"config_name": d, "data_files": f"shards/{d}/*.parquet"} for d in domains if apart]
    facts = {
        "pretty_name": manifest["name"],
        "license": "other",
        "task_categories": ["text-generation"],
        "language": languages,
        "size_categories": [next(name for most, name in _SIZES if manifest["rows"] < most)],
        "configs": configs,
    }
    return f"---\n{yaml.safe_dump(facts, sort_keys=False, allow_unicode=True)}---\n"


def _summary(data: DataSet, manifest: Mapping[str, Any]) -> str:
    repeats = manifest["rows"] - sum(row["pages"] for row in data.composition.to_pylist())
    apart = data.recipe.shards.by_domain
    where = "over all files of their domain" if apart else "over all files"
    return (
        f"# {' '.join(manifest['name'].split())}\n\n"
        f"{manifest['rows']:,} rows of text, {manifest['tokens']:,} tokens ("
        f"{_name_of(manifest['tokenizer'])}), in {len(manifest['files']):,} Parquet files, for"
        f" training language models. Made by Winnow, run `{data.run}`. Rows are shuffled {where} by"
        f" a seeded hash; {repeats:,} of them are repeats of a page (`epoch` above 0).\n"
    )


def _read(manifest: Mapping[str, Any]) -> str:
    rows = [(f"`{column.name}`", column.meaning) for column in SHARD.columns]
    tokens = f"\nTokens are those of {_name_of(manifest['tokenizer'])}.\n"
    return (
        "## Reading it\n\n"
        "```python\n"
        "from datasets import load_dataset\n\n"
        'rows = load_dataset("THIS_FOLDER", split="train", streaming=True)\n'
        "```\n\n" + table(("column", "what it is"), rows, ()) + "\n" + tokens
    )


def _sources(data: DataSet) -> str:
    totals = _by(data.composition.to_pylist(), "input")
    rows = []
    for source in data.recipe.inputs:
        steps, found = data.funnels.get(source.name, ()), totals[source.name]
        domain = source.domain or "by classifier"
        licence = source.licence or "not stated: that of each page"
        read = f"{steps[0].pages_in:,}" if steps else ""
        shown = [f"{found[name]:,}" for name in ("pages", "rows", "tokens")]
        rows.append((f"`{source.name}`", domain, read, *shown, licence))
    names = ("source", "domain", "pages read", "pages", "rows", "tokens", "licence")
    return "## Sources\n\n" + table(names, rows, range(2, 6)) + "\n"


def _mix(data: DataSet, manifest: Mapping[str, Any]) -> str:
    parts, how = manifest["mix"], data.recipe.mix
    total = manifest["tokens"] or 1
    if how is None or not parts:
        found = _by(data.composition.to_pylist(), "domain")
        drawn = [(n, f"{f['tokens'] / total:.2%}", f"{f['tokens']:,}") for n, f in found.items()]
        shown = table(("domain", "share", "tokens"), drawn)
        return f"## Mix\n\nAll pages that were kept, once each.\n\n{shown}\n"
    rows = [
        (
            part["part"],
            f"{part['share']:.2%}",
            f"{part['drawn_tokens'] / total:.2%}",
            f"{part['drawn_tokens']:,}",
            f"{part['pages']:,} of {part['available_pages']:,}",
            f"{part['rows'] / max(1, part['pages']):.2f}",
            f"{part['missing_tokens']:,}",
        )
        for part in parts
    ]
    names = ("part", "wanted", "share", "tokens", "pages", "times each", "missing tokens")
    weights = ", ".join(f"{weight:g} at {quality:g}" for quality, weight in how.quality)
    said = (
        "Shares are of tokens. Pages were drawn by a seeded hash of `doc_id`, better ones more"
        f" often (weight by quality: {weights or 'none'}). How often a page may be there:"
        f" {how.max_epochs:g}, {_caps(how.epochs) or 'in all parts'}.\n"
    )
    return f"## Mix\n\n{said}\n" + table(names, rows) + "\n"


def _caps(caps: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {cap:g}" for name, cap in caps.items())


def _languages(composition: Sequence[Mapping[str, Any]]) -> str:
    found = sorted(_by(composition, "language").items(), key=lambda of: -of[1]["tokens"])
    total = sum(of["tokens"] for _, of in found) or 1
    rows = [
        (name, f"{of['pages']:,}", f"{of['tokens']:,}", f"{of['tokens'] / total:.2%}")
        for name, of in found[:_TOP_LANGUAGES]
    ]
    more = len(found) - len(rows)
    rest = (
        f"\n{more} more languages are in `composition` of `shards/_manifest.json`.\n"
        if more
        else ""
    )
    names = ("language", "pages", "tokens", "share")
    return "## Languages\n\n" + table(names, rows) + "\n" + rest


def _filters(funnels: Mapping[str, Sequence[Step]]) -> str:
    said = ["## What was left out\n"]
    for name, steps in funnels.items():
        rows = []
        for step in steps:
            dropped = step.pages_in - step.pages_out
            share = f"{dropped / step.pages_in:.1%}" if step.pages_in else ""
            reasons = ", ".join(f"{why} {n:,}" for why, n in step.reasons[:_TOP_REASONS])
            rows.append((step.stage, f"{step.pages_in:,}", f"{dropped:,}", share, reasons))
        names = ("stage", "pages in", "dropped", "share", "most frequent reasons")
        said.append(f"Source `{name}`:\n\n" + table(names, rows, range(1, 4)) + "\n")
    return "\n".join(said)


def _limits(data: DataSet) -> str:
    found = ["Quality, domain, topic and language are told by small models, which err."]
    if data.benchmarks:
        names = ", ".join(data.benchmarks)
        found.append(
            f"Pages (or lines) with texts of these benchmarks were looked for and taken out:"
            f" {names}; no others. Not found are translations, paraphrases, very short texts, and"
            " what many items have in common."
        )
    else:
        found.append("Test sets of benchmarks were not looked for: some may be in it.")
    if all("pii" in source.stages for source in data.recipe.inputs):
        found.append(
            "Personal data was replaced where it was found; names, postal addresses and dates of"
            " birth were not looked for unless the recipe names a model."
        )
    else:
        found.append("Personal data was not looked for in every source.")
    short = [part for part in data.mix.to_pylist() if part["missing_tokens"]]
    found += [
        f"{part['part']} is short: {part['missing_tokens']:,} of the wanted tokens are missing."
        for part in short
    ]
    found.append(
        "Texts are other people's: what you may do with them is for you to settle. Whether"
        " robots.txt was honoured is known to whoever crawled."
    )
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in found) + "\n"


def _made(manifest: Mapping[str, Any]) -> str:
    made_with = sorted(manifest["made_with"].items())
    versions = ", ".join(f"{name} {version}" for name, version in made_with)
    with_encoder = ", ".join(f"{name} {found}" for name, found in manifest["scored_with"].items())
    scored = (
        f"; an encoder's scores need the same kind of machine, too ({with_encoder})"
        if with_encoder
        else ""
    )
    recipe = yaml.safe_dump(manifest["recipe"], sort_keys=False, allow_unicode=True, width=100)
    return (
        "## How it was made\n\n"
        f"With {versions}. The same input, recipe and versions give the same bytes{scored}.\n\n"
        f"```yaml\n{recipe}```\n"
    )


def _name_of(tokenizer: str) -> str:
    """Not where it lies: that is a matter of whoever made the data set."""
    return "/".join(tokenizer.split("/")[-2:]) if tokenizer.startswith("/") else tokenizer


def _by(
    composition: Iterable[Mapping[str, Any]], name: str
) -> defaultdict[str, defaultdict[str, int]]:
    """Sums of pages, rows and tokens."""
    found: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in composition:
        for what in ("pages", "rows", "tokens"):
            found[row[name]][what] += row[what]
    return found
