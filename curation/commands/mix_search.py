"""`curate mix-search`: data sets in; the mix that small models learn most from out."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from rich.console import Console
from rich.table import Table

from curation.commands.annotate import number
from curation.commands.options import add_wholes, share
from curation.errors import UserError
from curation.mix_search.config import (
    DEFAULT_MIX,
    SampleConfig,
    SearchConfig,
    Size,
    TrainConfig,
    check,
)
from curation.progress import Progress
from curation.storage import join, normalise, put

_SAMPLE = {
    "documents": "pages of each domain to train on, at most",
    "held_out": "pages of each domain to measure on, at most",
    "least_held_out": "pages of each domain to measure on, at least",
    "document_bytes": "of a page's text that are trained on, at most",
    "held_out_bytes": "of a page's text that are measured on, at most",
}
_SEARCH = {
    "candidates": "mixes that are drawn around the default, besides corners and equal shares",
    "repeats": "models, each with its seed, of the default and of the best mix",
    "seed": "of all draws",
}
_TRAIN = {
    "tokens": "that each model reads",
    "context": "tokens that a model sees at a time",
    "batch": "stretches of text that a model learns from at a time",
}
_SHARES = {
    "default": "shares that the search is around and compares with",
    "weights": "of the domains' losses in the mean that is least; without it all alike",
    "at_least": "shares that the best mix must have",
    "at_most": "shares that the best mix may have",
}


def add_to(commands: Any) -> None:
    """The command."""
    parser = commands.add_parser(
        "mix-search",
        help="find a mix by training small models",
        description=mix_search_command.__doc__,
    )
    default = SampleConfig(), SearchConfig(), TrainConfig()
    parser.add_argument(
        "data", nargs="+", metavar="DIR", help="data sets: the shards/ of runs, or other mixes"
    )
    parser.add_argument("--output", required=True, metavar="DIR", help="where results go")
    parser.add_argument(
        "--sizes",
        nargs="+",
        type=_size,
        default=default[1].sizes,
        metavar="SIZE",
        help="of models, as LAYERSxWIDTH; two or three show a trend"
        f" ({' '.join(map(str, default[1].sizes))})",
    )
    for names, config in zip((_SAMPLE, _SEARCH, _TRAIN), default, strict=True):
        add_wholes(parser, names, config)
    parser.add_argument(
        "--held-out-share",
        type=share,
        default=default[0].held_out_share,
        help="of all pages, that are not trained on (%(default)s)",
    )
    parser.add_argument(
        "--learning-rate",
        type=number,
        default=default[2].learning_rate,
        metavar="RATE",
        help="at its highest (%(default)s)",
    )
    shown = ",".join(f"{name}={value:g}" for name, value in DEFAULT_MIX.items())
    for name, what in _SHARES.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=_shares,
            default=DEFAULT_MIX if name == "default" else {},
            metavar="DOMAIN=SHARE,...",
            help=f"{what} ({shown})" if name == "default" else what,
        )
    parser.add_argument(
        "--tokenizer", metavar="FILE", help="a tokenizer.json; without it models read bytes"
    )
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (%(default)s)")
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help="models that are trained at a time: without it one per GPU or CPU core",
    )
    parser.set_defaults(command=mix_search_command)


def mix_search_command(options: argparse.Namespace) -> int:
    """Trains small language models on candidate mixes and predicts the best mix by a regression.

    The output has report.md, report.json, recipe.yaml and a plot. The same command goes on where
    it was stopped; with other weights or bounds it takes the models that are there.
    """
    sample, config = _configs(options)
    check(config)
    _require_packages(options.tokenizer)
    from curation.mix_search.candidates import as_shares, candidate_mixes
    from curation.mix_search.corpus import make_corpus
    from curation.mix_search.optimum import limits_of
    from curation.mix_search.plot import plot
    from curation.mix_search.report import Report
    from curation.mix_search.runs import Runs, check_folder
    from curation.mix_search.sample import read_sample
    from curation.mix_search.search import search
    from curation.mix_search.tokens import open_reader

    progress, output = Progress(), normalise(options.output)
    check_folder(output)
    limits_of(config, as_shares(candidate_mixes(config)))
    device, processes = _device(options)
    reader = open_reader(options.tokenizer and normalise(options.tokenizer))
    with progress.step("reading pages"):
        folders = [normalise(folder) for folder in options.data]
        corpus = make_corpus(read_sample(folders, config.domains, sample), reader)
    runs = Runs(output, corpus, config.train, device, processes, progress)
    runs.begin(reader.name)
    report = Report(config, sample, corpus, reader.name, search(runs, config))
    for found in report.found:
        put(join(output, f"mix-{found.size}.png"), plot(found, config))
    put(join(output, "report.json"), report.json())
    put(join(output, "report.md"), report.markdown().encode())
    put(join(output, "recipe.yaml"), report.recipe())
    _show(report, output)
    return 0


def _configs(options: argparse.Namespace) -> tuple[SampleConfig, SearchConfig]:
    def given(names: Any) -> dict[str, Any]:
        return {name: getattr(options, name) for name in names}

    sample = SampleConfig(
        **given(_SAMPLE), held_out_share=options.held_out_share, seed=options.seed
    )
    train = TrainConfig(**given(_TRAIN), learning_rate=options.learning_rate)
    search = SearchConfig(**given(_SEARCH), sizes=tuple(options.sizes), **given(_SHARES))
    return sample, replace(search, train=train)


def _size(text: str) -> Size:
    try:
        return Size.parse(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _shares(text: str) -> dict[str, float]:
    """`code=0.2,math=0.1` as a dict."""
    found = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not (name and equals) or name in found:
            raise argparse.ArgumentTypeError(f"{text}: expected DOMAIN=SHARE,DOMAIN=SHARE")
        found[name] = number(value)
    return found


def _require_packages(tokenizer: str | None) -> None:
    needed = ["torch", "matplotlib", *(["tokenizers"] if tokenizer else [])]
    if missing := [name for name in needed if find_spec(name) is None]:
        raise UserError(
            f"mix search needs {', '.join(missing)}: install it with"
            " \"pip install 'winnow-curation[ml]'\""
        )


def _device(options: argparse.Namespace) -> tuple[Any, int]:
    """Where models are trained, and how many at a time."""
    import torch

    from classifiers.encoder.device import open_device

    try:
        device = open_device(options.device)
    except ValueError as error:
        raise UserError(f"--device: {error}") from error
    there = torch.cuda.device_count() if device.type == "cuda" else os.cpu_count() or 1
    processes = there if options.processes is None else options.processes
    if processes < 1:
        raise UserError("--processes: 1 at least")
    return device, processes


def _show(report: Any, output: str) -> None:
    from curation.mix_search.report import verdict

    found = report.largest
    shown = Table("", "default", "best", title=f"{output}: models of {found.size}")
    for name, default in report.config.default.items():
        shown.add_row(name, f"{default:.3f}", f"{found.best[name]:.3f}")
    Console().print(shown)
    print(f"{verdict(found)}. What it can tell: {join(output, 'report.md')}")
