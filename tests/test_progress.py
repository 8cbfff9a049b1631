from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from curation import receipts
from curation.progress import Progress
from curation.receipts import Receipt


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_counts_the_splits_and_pages_that_are_committed(
    tmp_path: Path, terminal: bool
) -> None:
    folder, shown = str(tmp_path), io.StringIO()
    counts = Counter({("ingest", "crawl", "in"): 21, ("extract", "crawl", "in"): 20})
    receipts.commit(folder, Receipt("split-0", "a", counts=counts))
    progress = Progress(Console(file=shown, force_terminal=terminal, width=200))
    work = ["split-0", "split-1", "split-2"]
    with progress.watch("extract", folder, work, receipts.done(folder)):
        receipts.commit(folder, Receipt("split-1", "a", counts=counts))
    text = shown.getvalue()
    if terminal:
        assert "2/3" in text
    else:
        assert text.startswith("extract: 2 of 3 splits, 21 pages, ")
        assert text.count("\n") == 1


def test_an_error_inside_is_not_swallowed_and_the_display_ends(tmp_path: Path) -> None:
    progress = Progress(Console(file=io.StringIO()))
    with pytest.raises(KeyError), progress.watch("extract", str(tmp_path), ["a"], set()):
        raise KeyError


def test_a_note_is_shown_as_it_is() -> None:
    shown = io.StringIO()
    note = "decontaminate: [bold]gsm8k[/red] :bug: [/]"
    Progress(Console(file=shown, width=20)).note(note)
    assert shown.getvalue() == f"{note}\n"
