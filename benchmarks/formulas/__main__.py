"""How many formulas come back from pages: `python -m benchmarks.formulas OUT_DIR`.

Installs the renderers in OUT_DIR, renders the set with each, and looks for the formulas on the
pages. A formula is recovered if it is found once, and its TeX is the author's but for white space
(`exact`), or is rendered to the same MathML (`equal`, which holds the exact ones, too). Beside
that, how many are in the text that whole engines make of the pages. Writes OUT_DIR/measured.json.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.formulas.in_text import ENGINES_HERE, in_text, packed
from benchmarks.formulas.normal_form import Form, normal_form
from benchmarks.formulas.pages import Formula, by_hand, node, pages, read_formulas
from curation.extract.mathematics import find_formulas
from curation.extract.page import Found, parse

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Measured:
    """Shares of the formulas of one way; `found_twice` and `elsewhere` are numbers of formulas.

    `in_text` has by engine the share that is in the text it makes of the pages.
    """

    exact: float
    equal: float
    display: float
    found_twice: int
    elsewhere: int
    in_text: dict[str, float]


def install(folder: Path) -> None:
    """The renderers, in the versions of `package.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "render.mjs"):
        shutil.copy(_HERE / name, folder)
    command = [
        "/usr/bin/env",
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--silent",
    ]
    subprocess.run(command, cwd=folder, check=True)


def rendered_ways(folder: Path, formulas: Sequence[Formula]) -> dict[str, list[str]]:
    """For each way to put formulas on a page, the markup of each formula."""
    ways: dict[str, list[str]] = {}
    for formula, rendered in zip(formulas, node(folder, "ways", formulas), strict=True):
        if not isinstance(rendered, dict) or "error" in rendered:
            raise ValueError(f"{formula.tex}: {rendered}")
        for way, markup in (rendered | by_hand(formula, rendered)).items():
            ways.setdefault(way, []).append(markup)
    return ways


def found_by_number(html: Sequence[str]) -> tuple[dict[int, list[Found]], int]:
    """What is found where each formula stands, and how much is found where none does."""
    found: dict[int, list[Found]] = {}
    elsewhere = 0
    for page in html:
        for formula in find_formulas(parse(page.encode())):
            places = formula.element.xpath("ancestor-or-self::*[starts-with(@id, 'f')]/@id")
            if places and places[0][1:].isdigit():
                found.setdefault(int(places[0][1:]), []).append(formula)
            else:
                elsewhere += 1
    return found, elsewhere


def forms(folder: Path, formulas: Sequence[Formula]) -> list[Form | None]:
    """The normal form of what each is rendered to; None for what is no TeX."""
    return [
        normal_form(mathml) if isinstance(mathml, str) else None
        for mathml in node(folder, "mathml", formulas)
    ]


def measure(
    folder: Path,
    way: str,
    formulas: Sequence[Formula],
    markup: Sequence[str],
    known: Sequence[Form | None],
) -> tuple[Measured, list[tuple[str, str]]]:
    """The shares, and the formulas that did not come back, each with what came."""
    html = pages(way, formulas, markup)
    found, elsewhere = found_by_number(html)
    one = [found.get(number, [])[:1] for number in range(len(formulas))]
    texts = [it[0].text if it else "" for it in one]
    exact = [packed(a) == packed(b.tex) for a, b in zip(texts, formulas, strict=True)]
    made = [
        Formula(text or "?", formula.display) for text, formula in zip(texts, formulas, strict=True)
    ]
    same = [a == b for a, b in zip(forms(folder, made), known, strict=True)]
    equal = [a or (b and bool(text)) for a, b, text in zip(exact, same, texts, strict=True)]
    display = [bool(it) and it[0].display == b.display for it, b in zip(one, formulas, strict=True)]
    missed = [(f.tex, text) for f, text, ok in zip(formulas, texts, equal, strict=True) if not ok]
    measured = Measured(
        exact=_share(exact),
        equal=_share(equal),
        display=_share(display),
        found_twice=sum(len(it) > 1 for it in found.values()),
        elsewhere=elsewhere,
        in_text=in_text(
            html, formulas, [t if ok else None for t, ok in zip(texts, equal, strict=True)]
        ),
    )
    return measured, missed


def _row(way: Measured) -> str:
    shares = [f"{share:.3f}" for share in (way.exact, way.equal, way.display)]
    counts = [str(number) for number in (way.found_twice, way.elsewhere)]
    return " | ".join(shares + counts + [f"{share:.3f}" for share in way.in_text.values()])


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values)


def main(folder: Path) -> None:
    """Everything, with a line for each way."""
    install(folder)
    formulas = read_formulas(_HERE / "formulas.txt")
    known = forms(folder, formulas)
    measured, all_missed = {}, {}
    titles = ("way", "exact", "equal", "display", "twice", "elsewhere", *ENGINES_HERE)
    print(f"| {' | '.join(titles)} |\n|:--|{'--:|' * (len(titles) - 1)}")
    for way, markup in rendered_ways(folder, formulas).items():
        measured[way], all_missed[way] = measure(folder, way, formulas, markup, known)
        print(f"| {way} | {_row(measured[way])} |", flush=True)
    result = {
        "formulas": len(formulas),
        "ways": {way: asdict(it) for way, it in measured.items()},
        "missed": all_missed,
    }
    (folder / "measured.json").write_text(json.dumps(result, indent=1, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
