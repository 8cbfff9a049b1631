"""Lists as their providers hand them out, compiled."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.cli import main
from curation.errors import UserError
from curation.safety.blocklist import lines as reasons
from curation.safety.blocklist.compile import compile_lists
from curation.safety.blocklist.lines import Entry, LeftOut, hash_all, read_line, read_lines
from curation.safety.blocklist.table import Counts, opened

UT1 = {
    "gambling/domains": "casino.example\nroulette.example\n",
    "gambling/urls": "host.example/casino\n",
    "adult/domains": "casino.example\n",
}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("0.0.0.0 ads.example", [Entry("ads.example")]),
        ("127.0.0.1\tads.example  trackers.example # both", [
            Entry("ads.example"), Entry("trackers.example"),
        ]),
        ("::1 localhost ip6-localhost", [reasons.LOCAL, reasons.LOCAL]),
        ("0.0.0.0 0.0.0.0", [reasons.LOCAL]),
        ("ads.example # that one", [Entry("ads.example")]),
        ("# ads.example", []),
        ("! ads.example", []),
        ("; ads.example", []),
        ("[Adblock Plus 2.0]", []),
        (" \t\r", []),
        ("||ads.example^$document", [Entry("ads.example")]),
        ("||ads.example^$third-party", [reasons.RULE]),
        ("||ads.example/banner^", [reasons.RULE]),
        ("@@||ads.example^", [reasons.RULE]),
        ("ads.example##.banner", [reasons.RULE]),
        ("ads.example ## banner", [Entry("ads.example")]),
        ("/banner\\d+/", [reasons.NO_ENTRY]),
        ("two words", [reasons.NO_ENTRY]),
        ("a*.example", [reasons.NO_ENTRY]),
        ("a..example", [reasons.NO_ENTRY]),
        ("mail@ads.example", [reasons.NO_ENTRY]),
        ("javascript://ads.example", [reasons.NO_ENTRY]),
        ("3.4", [reasons.NO_ENTRY]),
        ("http://[::1", [reasons.NO_ENTRY]),
        ("com", [reasons.SUFFIX]),
    ],
)  # fmt: skip
def test_a_line_says(line: str, found: list[Entry | str]) -> None:
    assert list(read_line(line.encode())) == found


def test_nobody_blocks_a_public_suffix() -> None:
    left_out = LeftOut()
    lines = (
        *("com", "co.uk", "||co.uk^", "any.ck", "www.ck", "РФ.", "блог.рф", "foo.kobe.jp"),
        *("city.kobe.jp", "blogspot.com", "org.il/page", "localhost.localdomain"),
    )
    data = "\n".join(lines).encode()
    found = read_lines(data, every_is_url=False, file="f", left_out=left_out)
    kept = ["www.ck", "блог.рф".encode("idna").decode(), "city.kobe.jp", "blogspot.com"]
    hashes, _, _ = hash_all([Entry(host) for host in kept])
    assert sorted(found.domains.tolist()) == sorted(hashes.tolist())
    assert len(found.urls) == 1
    assert left_out.counts == {reasons.SUFFIX: 7}
    assert left_out.examples == {reasons.SUFFIX: "f: com"}


_PIECES = st.sampled_from(
    [
        *"aZ09-_./:#?%&^*|!;@$~ \t'\\",
        *("..", "//", "/.", "%2e", "xn--", "ü", "http://", "HTTPS://", "0.0.0.0 ", "127.0.0.1\t"),
        *("||", "*.", "a.example", "b.example", " # c", "##"),
    ]
)


_LABELS = st.sampled_from(["a", "B_", "xn--bcher-kva", "xn--zzz999", "3", "0x3", "ü", "10", "z-"])
_LINES = st.tuples(
    st.sampled_from(["", "http://", "HTTPS://", "0.0.0.0 ", "||", "*.", ".", " ", "127.0.0.1\t"]),
    st.lists(_LABELS, min_size=1, max_size=4).map(".".join),
    st.sampled_from(["", "", "", ".", "^", ":80", "@b"]),
    st.lists(
        st.sampled_from(["/", "/a", "/..", "/%2e", "/%41", "/*", "?b", "#c", " # c", " ", "/b "]),
        max_size=3,
    ).map("".join),
).map("".join)
_ANY = st.lists(_PIECES, max_size=6).map("".join)


@settings(max_examples=1000)
@given(st.lists(st.one_of(_LINES, _ANY), min_size=1, max_size=6), st.booleans())
def test_the_kernel_reads_plain_lines_as_the_others_are_read(
    lines: list[str], every_is_url: bool
) -> None:
    text = "\n".join(lines).encode()
    read = read_lines(text, every_is_url=every_is_url, file="f", left_out=LeftOut())
    expected = [
        one
        for line in text.split(b"\n")
        for one in read_line(line, every_is_url=every_is_url)
        if isinstance(one, Entry)
    ]
    hashes, _, markers = hash_all(expected)
    is_url = markers != 0
    assert sorted(read.urls.tolist()) == sorted(hashes[is_url].tolist())
    assert sorted(read.markers.tolist()) == sorted(markers[is_url].tolist())
    assert sorted(read.domains.tolist()) == sorted(hashes[~is_url].tolist())


@given(st.binary(max_size=200))
def test_no_bytes_stop_it(data: bytes) -> None:
    read_lines(data, every_is_url=False, file="f", left_out=LeftOut())


def write_ut1(folder: Path) -> Path:
    for name, text in UT1.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def tar_of(files: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("porn")
        link.type, link.linkname = tarfile.SYMTYPE, "adult"
        tar.addfile(link)
    return made.getvalue()


def test_the_folders_of_ut1_are_read_wherever_they_lie(tmp_path: Path) -> None:
    folder = write_ut1(tmp_path / "blacklists")
    (folder / "adult" / "usage").write_text("black\n")
    (folder / "porn").symlink_to("adult")
    (tmp_path / "ut1.tgz").write_bytes(
        tar_of({f"../../blacklists/{name}": text for name, text in UT1.items()})
    )
    for path in (folder, tmp_path / "ut1.tgz"):
        table = compile_lists([str(path)]).table
        assert table.counts == {"adult": Counts(1, 0), "gambling": Counts(2, 1)}
        assert ("adult", "gambling") in table.category_sets
    assert not (tmp_path.parent / "blacklists").exists()
    one = compile_lists([str(folder / "gambling")]).table
    assert one.counts == {"gambling": Counts(2, 1)}


def test_files_may_be_packed_and_have_a_category_of_their_own(tmp_path: Path) -> None:
    hosts = tmp_path / "ads.txt.gz"
    hosts.write_bytes(gzip.compress(b"\xef\xbb\xbf0.0.0.0 ads.example\r\n127.0.0.1 b.example\r\n"))
    assert compile_lists([str(hosts)]).table.counts == {"ads": Counts(2, 0)}
    named = compile_lists([str(hosts)], category="tracking").table
    assert named.counts == {"tracking": Counts(2, 0)}


def test_neither_files_nor_lines_have_an_order(tmp_path: Path) -> None:
    lines = [f"host{i}.example" for i in range(500)] + ["a.example/b", "a.example/c", "ü.example"]
    halves = lines[::2], lines[1::2]
    random = np.random.default_rng(0)
    made = set()
    for number in range(3):
        paths = []
        for half, name in zip(halves, ("first", "second"), strict=True):
            path = tmp_path / str(number) / f"{name}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(random.permutation([*half, "both.example", "both.example"])))
            paths.append(str(path))
        output = tmp_path / f"{number}.arrow"
        assert main(["lists", "update", *paths[:: (-1) ** number], "--output", str(output)]) == 0
        made.add(output.read_bytes())
    assert len(made) == 1
    counts = opened(pa.py_buffer(made.pop()), path="").counts
    assert counts == {"first": Counts(252, 1), "second": Counts(251, 1)}


def test_the_command_tells_what_it_took_and_what_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, allow = tmp_path / "games.txt", tmp_path / "allow.txt"
    source.write_bytes(b"play.example\nco.uk\ntwo words\nthree more words\n\xff\xfe.example\n")
    allow.write_text("fine.play.example\n")
    output = tmp_path / "lists.arrow"
    arguments = ["lists", "update", str(source), "--allow", str(allow), "--output", str(output)]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert f"Left out: 2 lines, neither a domain nor a URL, as {source}: two words" in said
    assert f"Left out: 1 line, a public suffix or a name without a dot, as {source}: co.uk" in said
    assert "Left out: 1 line, not UTF-8" in said
    counts = opened(pa.py_buffer(output.read_bytes()), path="").counts
    assert counts == {"allow": Counts(1, 0), "games": Counts(1, 0)}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name the files to compile"),
        (["nowhere.txt"], "nowhere.txt: no such file, and no folder"),
        (["nowhere.tgz"], "nowhere.tgz: no such file"),
        (["empty"], "empty: no file in it is named 'domains' or 'urls'"),
        (["words.txt"], "no line is an entry of a block list: {}/words.txt: two words (neither"),
        (["allow.txt"], "allow.txt: the category 'allow' is of what --allow names"),
        (["good.txt", "--category", "a b"], "'a b' is no name for a category"),
        (["bad.tgz"], "bad.tgz: is damaged, or no tar file"),
        (["other.tgz"], "other.tgz: holds no folder with 'domains' or 'urls'"),
        (["cut.gz"], "cut.gz: is damaged"),
        (["good.txt", "--output", "ftp://x/y"], "'ftp://' is not supported"),
    ],
)
def test_what_is_no_list_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "usage").write_text("black")
    (tmp_path / "words.txt").write_text("two words")
    for name in ("allow.txt", "good.txt"):
        (tmp_path / name).write_text("good.example")
    (tmp_path / "bad.tgz").write_bytes(b"\x1f\x8bnothing")
    (tmp_path / "other.tgz").write_bytes(tar_of({"readme": "here"}))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"good.example" * 9)[:-9])
    assert main(["lists", "update", "--output", "out.arrow", *arguments]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert said.format(tmp_path) in lines[-1]
    assert not (tmp_path / "out.arrow").exists()


def test_what_is_no_table_is_told(tmp_path: Path) -> None:
    other = pa.BufferOutputStream()
    with pa.ipc.new_file(other, pa.schema([("hash", pa.uint64())])):
        pass
    for content in (b"", b"words", other.getvalue().to_pybytes()):
        with pytest.raises(UserError, match="is not what 'curate lists update' makes"):
            opened(pa.py_buffer(content), path="f")
