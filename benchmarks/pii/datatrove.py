"""datatrove's PIIFormatter in an environment of its own, and texts handed to it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.environment import make_environment
from benchmarks.pii.engines import Text
from curation.pii.kinds import PiiType, Span

PACKAGES = ("datatrove==0.10.1", "orjson", "regex")


class Datatrove:
    """The environment below `output`, made when it is not there."""

    def __init__(self, output: Path) -> None:
        self._folder = output / "datatrove"
        self._python = make_environment(self._folder, PACKAGES)

    def find(self, texts: Sequence[Text]) -> list[list[Span]]:
        """Where it replaces something."""
        found = self._run(texts, "find")
        return [[Span(a, b, PiiType(kind), 1.0) for a, b, kind in spans] for spans in found]

    def speed(self, texts: Sequence[Text]) -> float:
        """CPU seconds of the fastest of some rounds over all texts."""
        seconds: float = self._run(texts, "speed")
        return seconds

    def _run(self, texts: Sequence[Text], mode: str) -> Any:
        given, answer = self._folder / "texts.json", self._folder / f"{mode}.json"
        given.write_text(json.dumps([text.text for text in texts]), encoding="utf-8")
        script = Path(__file__).with_name("datatrove_side.py")
        options = ["-P", "-W", "ignore"]  # -P: its folder would hide the package by this file
        subprocess.run([self._python, *options, script, given, answer, mode], check=True)
        return json.loads(answer.read_text(encoding="utf-8"))
