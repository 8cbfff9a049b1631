"""Decontamination on benchmarks of one's own: `python -m benchmarks.decontaminate OPTIONS`.

    --benchmark gsm8k=test.jsonl.gz:question,answer --benchmark humaneval=HumanEval.jsonl.gz:prompt
    --texts pages.jsonl      real pages, with their `text`

Prints what of the benchmarks is looked for; every match in the real pages, to be looked at; what
the scan costs beside the pass that tokenises anyway; and how many of the texts are found that are
planted into real pages in several forms, by the split pass of a run.
"""

from __future__ import annotations

import argparse
import html
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from curation.all_splits import split_pass
from curation.decontaminate.config import Benchmark, DecontaminateConfig
from curation.decontaminate.index import load_index
from curation.decontaminate.read import read_texts
from curation.decontaminate.scan import Scanner, scan
from curation.dedup.config import DedupConfig
from curation.dedup.keys import keys_batch
from curation.dedup.minhash import blocks
from curation.ingest.urls import url_facts
from curation.recipe import load
from curation.run import new_run
from curation.split_pass import run_split

_ROUNDS = 3
_SHOWN = 200
_WORDS_PER_LINE = 4
Way = Callable[[str], str]


def main() -> None:
    """Prints all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmark", action="append", required=True, type=_benchmark)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--ngram", type=int, default=DecontaminateConfig.ngram)
    parser.add_argument("--lists", action="store_true")
    options = parser.parse_args()
    benchmarks = tuple(options.benchmark)
    config = DecontaminateConfig(benchmarks=benchmarks, ngram=options.ngram, lists=options.lists)
    config = config.pinned()
    texts = [json.loads(line)["text"] for line in options.texts.open(encoding="utf-8")]
    _tell_index(config)
    _tell_matches(config, pa.array(texts, pa.string()))
    _tell_cost(config, pa.array(texts, pa.string()))
    for stages, ways in ((_OF_TEXT, _TEXT), (_OF_HTML, _HTML)):
        for name, way in ways.items():
            _tell_recall(config, texts, name, way, stages)


def _benchmark(said: str) -> Benchmark:
    name, _, rest = said.partition("=")
    path, _, columns = rest.partition(":")
    return Benchmark(name=name, path=path, columns=tuple(columns.split(",")) if columns else None)


def _tell_index(config: DecontaminateConfig) -> None:
    for name, told in load_index(config).told.items():
        print(name, ", ".join(f"{key} {number:,}" for key, number in told._asdict().items()))


def _tell_matches(config: DecontaminateConfig, texts: pa.StringArray) -> None:
    found = scan(texts, config)
    print(f"{len(found)} of {len(texts):,} real pages have matches")
    for page in found[:_SHOWN]:
        for row in page.texts.to_pylist():
            quoted = texts[page.row].as_py()[row["start"] : row["end"]]
            where = f"page {page.row}: {row['benchmark']} {row['item']} {row['column']}"
            print(f"  {where}: {row['n_words']} words, share {row['share']:.2f}: {quoted!r}")


def _tell_cost(config: DecontaminateConfig, texts: pa.StringArray) -> None:
    megabytes = texts.nbytes / 1e6
    tokens = [tokens for _, tokens in blocks(texts)]
    alone = _cpu_s(lambda: _scan_tokens(config, tokens))
    read = _cpu_s(lambda: list(blocks(texts)))
    batch = _documents(texts)
    without = _cpu_s(lambda: keys_batch(batch, DedupConfig()))
    with_it = _cpu_s(lambda: keys_batch(batch, DedupConfig(), readers=[Scanner(config)]))
    page_us = alone / len(texts) * 1e6
    print(f"scan of tokens: {alone / megabytes * 1e3:.2f} CPU ms per MB, {page_us:.1f} us per page")
    print(f"tokenisation: {read / megabytes * 1e3:.2f} CPU ms per MB")
    print(f"keys without and with the scan: {without:.2f} s and {with_it:.2f} s")


def _scan_tokens(config: DecontaminateConfig, every: Iterable[Any]) -> None:
    scanner = Scanner(config)
    for tokens in every:
        scanner.add(slice(0, len(tokens.rows) - 1), tokens)


def _cpu_s(call: Callable[[], object]) -> float:
    """The best of some rounds."""
    found = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        call()
        found.append(time.process_time() - started)
    return min(found)


def _documents(texts: pa.StringArray) -> pa.RecordBatch:
    rows = len(texts)
    columns = {
        "doc_id": pa.array([f"{row:032x}" for row in range(rows)]),
        "position": pa.array(range(rows), pa.int64()),
        "order_key": pa.array(range(rows), pa.int64()),
        "input": pa.array(["crawl"] * rows),
        "drop_reason": pa.nulls(rows, pa.string()),
        "domain": pa.nulls(rows, pa.string()),
        "text": texts,
    }
    return pa.RecordBatch.from_pydict(columns)


def _tell_recall(
    config: DecontaminateConfig, texts: list[str], name: str, way: Way, stages: str
) -> None:
    """Plants every text that is looked for into a page of its own."""
    planted = list(_planted(config, texts, way, "html" if "extract" in stages else "text"))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.jsonl")
        source.write_text("".join(json.dumps(row) + "\n" for row in planted), "utf-8")
        values = [f"inputs.0.stages={stages}", "splits.target_bytes=100000000"]
        recipe = load("default", paths=[str(source)], overrides=values)
        run = new_run(replace(recipe, decontaminate=config), str(Path(folder, "run")))
        for split in run.splits:
            run_split(split, split_pass(run.recipe), run.folder)
        documents, matches = (ds.dataset(Path(run.folder, of)) for of in ("documents", "matches"))
        names = documents.to_table(columns=["doc_id", "record_id"]).to_pylist()
        found = {
            (row["doc_id"], f"{row['benchmark']}/{row['item']}/{row['column']}")
            for row in matches.to_table().to_pylist()
        }
    missed = [row["record_id"] for row in names if (row["doc_id"], row["record_id"]) not in found]
    rejected = len(planted) - len(names)
    recall = 1 - len(missed) / max(1, len(names))
    print(f"{name}: recall {recall:.4f} of {len(names):,} planted texts; {rejected} rejected")
    for record in missed[:_SHOWN]:
        print(f"  missed: {record}")


def _planted(
    config: DecontaminateConfig, texts: list[str], way: Way, column: str
) -> Iterator[Mapping[str, str]]:
    """A page each, whose id is that of the text."""
    index = load_index(config)
    sought = Counter(
        f"{benchmark}/{item}/{of}"
        for benchmark, item, of, runs in zip(
            index.benchmark.to_pylist(),
            index.item.to_pylist(),
            index.column.to_pylist(),
            index.n_runs.tolist(),
            strict=True,
        )
        if runs
    )
    number = 0
    for benchmark in config.benchmarks:
        for text in read_texts(benchmark):
            name = f"{benchmark.name}/{text.item}/{text.column}"
            if not sought[name]:
                continue
            number += 1
            around = texts[number % len(texts)][:3000], texts[(number + 1) % len(texts)][:3000]
            yield {"id": name, column: _page(around, way(text.text), column), "url": _url(number)}


def _url(number: int) -> str:
    return str(url_facts(f"https://page{number}.example/").url_key)


def _page(around: tuple[str, str], item: str, column: str) -> str:
    if column == "text":
        return f"{around[0]}\n{item}\n{around[1]}"
    before, behind = (
        "".join(f"<p>{html.escape(line)}</p>" for line in text.split("\n")) for text in around
    )
    return f"<html><body><article>{before}{item}{behind}</article></body></html>"


def _broken(text: str) -> str:
    words = text.split()
    starts = range(0, len(words), _WORDS_PER_LINE)
    return "\n\n".join(" ".join(words[at : at + _WORDS_PER_LINE]) for at in starts)


def _typeset(text: str) -> str:
    for plain, set_ in (("'", "\u2019"), ("...", "\u2026"), ('"', "\u201d"), ("-", "\u2013")):
        text = text.replace(plain, set_)
    return text.replace("fi", "\ufb01")


def _fullwidth(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


def _bold(text: str) -> str:
    words = [html.escape(word) for word in text.split()]
    return " ".join(f"<b>{word}</b>" if at % 5 == 0 else word for at, word in enumerate(words))


def _items(text: str) -> str:
    return "".join(f"<li>{html.escape(part)}</li>" for part in text.split("\n"))


_OF_TEXT, _OF_HTML = "[language,pii,safety]", "[extract,language,pii,safety]"
_TEXT: Mapping[str, Way] = {
    "text, as it is": str,
    "text, in upper case with other blanks": lambda text: text.upper().replace(" ", " \t\u00a0"),
    "text, over lines": _broken,
    "text, typeset": _typeset,
    "text, in fullwidth letters and digits": _fullwidth,
    "text, in Markdown": lambda text: f"> **{text}**\n\n```\n{text}\n```",
}
_HTML: Mapping[str, Way] = {
    "HTML, a paragraph": lambda text: f"<p>{html.escape(text)}</p>",
    "HTML, a paragraph with bold words": lambda text: f"<p>{_bold(text)}</p>",
    "HTML, lines with breaks": lambda text: f"<p>{html.escape(text).replace(chr(10), '<br>')}</p>",
    "HTML, a list": lambda text: f"<ul>{_items(text)}</ul>",
    "HTML, a listing": lambda text: f"<pre><code>{html.escape(text)}</code></pre>",
}


if __name__ == "__main__":
    main()
