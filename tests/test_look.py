from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from curation.cli import USAGE_ERROR, main
from curation.sample.records import http_response, response
from tests.ingest.warcs import member, save

PROSE = "The mill stands by the river, and the wheel turns when the sluice is open. " * 4


def html(title: str) -> bytes:
    body = f"<p>Of {title}. {PROSE}</p><pre>a = 1\n\n  b</pre>"
    return f"<html><head><title>{title}</title></head><body>{body}</body></html>".encode()


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["extract", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_file_is_shown_with_the_kinds_of_its_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(html("Mills"))
    lines = shown(capsys, str(page))
    assert lines[0] == "Mills: trafilatura (code)"
    assert [line[:2] for line in lines[1:]] == ["p ", "c ", "c ", "c "]
    assert lines[-1] == "c   b"
    assert shown(capsys, str(page), "--engine", "resiliparse")[0] == "Mills: resiliparse (code)"


def test_the_newest_fetch_of_a_url_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "https://mill.example/wheel"
    years = (2022, 2024, 2023)
    fetches = [
        response(url, http_response(html(f"Mills {year}")), at=datetime(year, 1, 1, tzinfo=UTC))
        for year in years
    ]
    warc = save(tmp_path, "crawl.warc.gz", b"".join(map(member, fetches)))
    assert shown(capsys, url, "--warc", warc)[1].startswith("p Of Mills 2024. The mill")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nosuch.html"], "no such file (a URL needs --warc FILE)"),
        (["https://mill.example/"], "is not supported"),
        (["https://mill.example/", "--warc", "nosuch.warc.gz"], "nosuch.warc.gz: no such file"),
        (["https://mill.example/", "--warc", "{warc}"], "has no response for"),
        (["https://mill.example/gone", "--warc", "{warc}"], "error_status 404"),
        (["{binary}"], "binary data"),
        (["{folder}"], "no such file"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    gone = http_response(html("Gone"), status="404 Not Found")
    known = response("https://mill.example/gone", gone, at=datetime(2024, 1, 1, tzinfo=UTC))
    binary = save(tmp_path, "binary.html", bytes(range(32)) * 40)
    paths = {
        "warc": save(tmp_path, "crawl.warc.gz", member(known)),
        "binary": binary,
        "folder": str(tmp_path),
    }
    assert main(["extract", *(argument.format(**paths) for argument in arguments)]) == USAGE_ERROR
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
