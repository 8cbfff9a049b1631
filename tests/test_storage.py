from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from curation.errors import UserError
from curation.storage import RangeReader, join, normalise, put, storage


@pytest.fixture(params=["local", "s3"])
def folder(request: pytest.FixtureRequest) -> str:
    name: str = request.getfixturevalue(request.param)
    return name


def test_what_is_put_is_read_back_whole_and_in_ranges(folder: str) -> None:
    uri = join(folder, "a", "b.bin")
    put(uri, b"0123456789")
    store = storage(uri)
    assert store.read(uri) == b"0123456789"
    assert store.read(uri, 3, 4) == b"3456"
    assert store.read(uri, 8, 100) == b"89"
    assert store.read(uri, 10, 5) == b""
    assert store.read(uri, 4) == b"456789"


def test_a_second_put_replaces_the_first(folder: str) -> None:
    uri = join(folder, "x")
    put(uri, b"old")
    put(uri, b"new")
    assert storage(uri).read(uri) == b"new"


def test_put_if_absent_has_one_winner(folder: str) -> None:
    uri = join(folder, "receipt")
    with ThreadPoolExecutor(8) as pool:
        tries = list(pool.map(lambda i: storage(uri).put_if_absent(uri, b"%d" % i), range(8)))
    assert sorted(tries) == [False] * 7 + [True]
    assert storage(uri).read(uri) == b"%d" % tries.index(True)


def test_a_file_that_fails_half_way_never_appears(folder: str) -> None:
    uri = join(folder, "half")

    def write_half() -> None:
        with storage(uri).create(uri) as path:
            path.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert storage(uri).walk(folder) == []


def test_walk_and_glob_are_sorted_and_whole(folder: str) -> None:
    for name in ("b.txt", "a.txt", "deep/er/c.txt", "deep/d.bin"):
        put(join(folder, name), name.encode())
    store = storage(folder)

    def names(files: list[object]) -> list[str]:
        return [getattr(file, "uri").removeprefix(folder + "/") for file in files]  # noqa: B009

    assert names(list(store.walk(folder))) == ["a.txt", "b.txt", "deep/d.bin", "deep/er/c.txt"]
    assert names(list(store.glob(join(folder, "*.txt")))) == ["a.txt", "b.txt"]
    assert names(list(store.glob(join(folder, "**/*.txt")))) == ["a.txt", "b.txt", "deep/er/c.txt"]
    assert names(list(store.glob(join(folder, "deep/?.bin")))) == ["deep/d.bin"]
    assert store.glob(join(folder, "*.gz")) == []
    assert store.walk(join(folder, "nowhere")) == []
    assert [file.size for file in store.glob(join(folder, "deep/*.bin"))] == [10]


def test_walk_of_a_folder_leaves_out_its_namesakes(folder: str) -> None:
    put(join(folder, "run", "in"), b"")
    put(join(folder, "run2", "out"), b"")
    assert len(storage(folder).walk(join(folder, "run"))) == 1


def test_a_missing_file_is_one_clear_line(folder: str) -> None:
    uri = join(folder, "nothing")
    with pytest.raises(UserError, match=r"nothing: (No such file|no such object)"):
        storage(uri).read(uri)


def test_range_reader_reads_as_a_file_does(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.storage.BLOCK_BYTES", 7)
    data = bytes(range(256))
    uri = join(folder, "data")
    put(uri, data)
    reader, expected = RangeReader(uri, 256), io.BytesIO(data)
    for seek, size in ((0, 5), (3, 20), (250, 100), (256, 1), (100, 0), (13, 7)):
        reader.seek(seek)
        expected.seek(seek)
        wanted = expected.read(size)
        got = io.BufferedReader(reader).read(size) if size > 7 else reader.read(size)
        assert got == wanted[: len(got)]
        assert bool(got) == bool(wanted)
        reader = RangeReader(uri, 256)
    assert io.BufferedReader(RangeReader(uri, 256, 200)).read() == data[200:]


def test_normalise_gives_each_place_one_name(tmp_path: Path) -> None:
    assert normalise("a/../b", base="/x") == "/x/b"
    assert normalise("file:///x/y") == normalise("file:/x/y") == "/x/y"
    assert normalise("a.warc", base="s3://bucket/in") == "s3://bucket/in/a.warc"
    assert normalise("@a.gz", base="/x") == "@/x/a.gz"
    assert normalise("s3a://bucket/key/") == "s3://bucket/key"
    assert normalise(str(tmp_path)) == str(tmp_path)


def test_an_unknown_scheme_is_a_clear_error() -> None:
    with pytest.raises(UserError, match=r"ftp://host/x: 'ftp://' is not supported"):
        storage("ftp://host/x")


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.warc.gz").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"broken\.warc\.gz: may not be read"):
        storage(str(tmp_path)).walk(str(tmp_path))


@pytest.mark.usefixtures("s3")
def test_s3_failures_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from curation import storage_s3

    def told(uri: str) -> str:
        storage_s3._new_client.cache_clear()
        with pytest.raises(UserError) as caught:
            storage(uri).walk(uri)
        return str(caught.value)

    assert "s3://no-such-bucket: no such bucket" in told("s3://no-such-bucket/x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert "secret key is wrong" in told("s3://winnow/x")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "unknown")
    assert "access key is not known" in told("s3://winnow/x")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "no AWS credentials" in told("s3://winnow/x")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert "127.0.0.1:1" in told("s3://winnow/x")
    storage_s3._new_client.cache_clear()


class _Breaking(BaseHTTPRequestHandler):
    """An S3 that breaks its answers off, answers 409, then does as it should."""

    asked: ClassVar[list[str]] = []

    def _turn(self) -> int:
        self.asked.append(self.command)
        return self.asked.count(self.command)

    def do_GET(self) -> None:
        whole = self._turn() > 2
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"0123456789" if whole else b"01234")
        self.close_connection = True

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        conflict = self._turn() == 1
        body = b"<Error><Code>ConditionalRequestConflict</Code></Error>" if conflict else b""
        self.send_response(409 if conflict else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch, s3: str) -> Iterator[str]:
    from curation import storage_s3

    _Breaking.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Breaking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    storage_s3._new_client.cache_clear()
    yield s3
    server.shutdown()
    storage_s3._new_client.cache_clear()


def test_a_body_that_breaks_off_is_read_again(breaking: str) -> None:
    assert storage(breaking).read(f"{breaking}/x") == b"0123456789"
    assert _Breaking.asked == ["GET"] * 3


def test_a_conflicting_write_is_tried_again_and_not_taken_for_lost(breaking: str) -> None:
    assert storage(breaking).put_if_absent(f"{breaking}/x", b"data")
    assert _Breaking.asked == ["PUT"] * 2
