from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from curation.cli import main
from curation.errors import UserError
from curation.ingest.urls import hash64, url_facts
from curation.removal.wanted import Wanted, read_wanted

ID = "0123456789abcdef" * 2
PAGES = [
    (ID, "https://a.example/x", "a.example"),
    ("1" * 32, "https://a.example/y", "a.example"),
    ("2" * 32, "https://www.a.example/", "www.a.example"),
    ("3" * 32, "https://aa.example/", "aa.example"),
    ("4" * 32, None, None),
]


def read(folder: Path, **lists: str) -> Wanted:
    paths = {name: str(folder / name) for name in lists}
    for name, content in lists.items():
        (folder / name).write_text(content)
    return read_wanted(**paths)


def keys() -> pa.Table:
    hashes = [url and hash64(str(url_facts(url).url_key)) for _, url, _ in PAGES]
    return pa.table(
        {
            "doc_id": [doc_id for doc_id, _, _ in PAGES],
            "url_hash": pa.array(hashes, pa.int64()),
            "host": [host for _, _, host in PAGES],
        }
    )


def found(wanted: Wanted) -> tuple[list[str | None], list[str]]:
    """What each page was asked for by, and what named any."""
    closest, named = wanted.match(keys())
    asked = wanted.asked.to_pylist()
    return [asked[n] if n >= 0 else None for n in closest], [asked[n] for n in named.tolist()]


def test_a_url_names_its_canonical_form(tmp_path: Path) -> None:
    urls = "https://A.example:443/x?utm_source=z#top\nhttp://a.example/y\n"
    asked = "url https://A.example:443/x?utm_source=z#top"
    assert found(read(tmp_path, urls=urls)) == ([asked, None, None, None, None], [asked])


def test_a_host_names_all_below_it_and_the_nearest_is_told(tmp_path: Path) -> None:
    wanted = read(tmp_path, hosts="A.example\n\n# a comment\n  www.a.example\nb.example\n")
    above, nearest = "host A.example", "host www.a.example"
    assert found(wanted) == ([above, above, nearest, None, None], [above, nearest])


def test_all_lists_together_and_the_closest_is_told(tmp_path: Path) -> None:
    wanted = read(tmp_path, hosts="a.example", doc_ids=ID.upper(), urls="https://a.example/x")
    asked = [f"doc_id {ID.upper()}", "url https://a.example/x", "host a.example"]
    assert wanted.asked.to_pylist() == asked
    told, named = found(wanted)
    assert told == [asked[0], asked[2], asked[2], None, None]
    assert named == asked


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("doc_ids", f"{ID}\nabc\n{ID}0\n", "line 2: 'abc' is no doc_id .32 hex digits., nor are 1"),
        ("urls", "# x\nexample.com/page\n", "line 2: 'example.com/page' is no URL, as https://"),
        ("hosts", "https://example.com/\n", "line 1: 'https://example.com/' is no host name"),
        ("hosts", "*.example.com\na b\n", "'.*.example.com' is no host name.*nor are 1 other"),
        ("hosts", "co.uk\n", "line 1: 'co.uk' is no host name"),
        ("hosts", "com.\nexample\na.org,b.org\n", "line 1: 'com.' is no host name.*nor are 2"),
        ("urls", "\n# nothing\n", "names no page"),
    ],
)
def test_a_line_that_is_none_of_its_kind_is_told(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        read(tmp_path, **{name: content})


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "urls").write_bytes(b"https://example.com/\xff\n")
    with pytest.raises(UserError, match="is no text in UTF-8"):
        read_wanted(urls=str(tmp_path / "urls"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name the pages, with --urls, --doc-ids or --hosts"),
        (["--urls", "nowhere.txt"], "holds no run"),
    ],
)
def test_a_command_that_can_do_nothing_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["remove", str(tmp_path), *arguments]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
