"""datatrove's side of the comparison; run by the Python of an environment that has datatrove.

Usage: `python datatrove_side.py TEXTS.json OUT.json MODE`

In: a list of texts. Out, by MODE: `find`: for each the spans that PIIFormatter replaces, as
`[start, end, type]`; `speed`: CPU seconds of `format` over all of them. This file imports nothing
of ours.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from datatrove.pipeline.formatters.pii import PIIFormatter

_ROUNDS = 3
_MARK = "\ue000"
_Span = tuple[int, int, str]


def find(formatter: Any, text: str) -> list[_Span]:
    """The spans of its patterns; an error when replacing them does not make its output."""
    spans: list[_Span] = []
    for replacer, kind in (
        (formatter.emails_replacer, "EMAIL"),
        (formatter.ip_replacer, "IP_ADDRESS"),
    ):
        masked = text
        for start, end, _ in spans:
            masked = masked[:start] + _MARK * (end - start) + masked[end:]
        spans += [
            (*match.span(), kind)
            for match in replacer.regex.finditer(masked)
            if replacer.validator is None or replacer.validator(match.group(0))
        ]
    replaced = text
    for start, end, _ in sorted(spans, reverse=True):
        replaced = replaced[:start] + _MARK + replaced[end:]
    if replaced != formatter.format(text):
        raise ValueError(f"not where it replaces: {text!r}")
    return spans


def speed(texts: list[str]) -> float:
    """CPU seconds of the fastest round, with its own replacements."""
    formatter = PIIFormatter()
    rounds = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        for text in texts:
            formatter.format(text)
        rounds.append(time.process_time() - started)
    return min(rounds)


def main() -> None:
    """Reads, works, writes."""
    given, answer, mode = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    texts = json.loads(given.read_text(encoding="utf-8"))
    formatter = PIIFormatter(email_replacement=_MARK, ip_replacement=_MARK)
    found = speed(texts) if mode == "speed" else [find(formatter, text) for text in texts]
    answer.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
