"""Every record once wherever a file is cut, and nothing but the damaged one lost."""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.ingest.config import IngestConfig, InputConfig
from curation.ingest.pages import Tally, read_pages
from curation.ingest.warc import Damage
from curation.splits import SplitsConfig, find_files, plan
from tests.ingest.warcs import (
    Seen,
    bgzf,
    cut,
    equal_cuts,
    http,
    member,
    pages_of,
    read,
    record,
    save,
)

any_files = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def blocks(sizes: list[int]) -> list[bytes]:
    """Blocks that compress badly, so that members are of many sizes."""
    noise = zlib.compress(bytes(range(256)) * 40, 0)
    return [http(b"<p>" + (noise * (size // len(noise) + 1))[:size]) for size in sizes]


def records(sizes: list[int]) -> list[bytes]:
    return [record(block, record_id=str(n)) for n, block in enumerate(blocks(sizes))]


def expected(sizes: list[int], starts: list[int]) -> list[Seen]:
    return [
        (at, str(n), block) for n, (at, block) in enumerate(zip(starts, blocks(sizes), strict=True))
    ]


def starts_of(pieces: list[bytes]) -> list[int]:
    return [0, *accumulate(len(piece) for piece in pieces)][:-1]


SIZES = st.lists(st.sampled_from([0, 1, 50, 300, 5_000, 70_000]), min_size=1, max_size=8)
CUTS = st.lists(st.integers(0, 300_000), max_size=12)
SMALL = [40, 0, 300, 7]


@any_files
@given(SIZES, CUTS)
def test_any_cutting_of_members_gives_each_record_once(
    tmp_path: Path, sizes: list[int], cuts: list[int]
) -> None:
    members = [member(r) for r in records(sizes)]
    uri = save(tmp_path, "x.warc.gz", b"".join(members))
    assert read(cut(uri, cuts)) == (expected(sizes, starts_of(members)), [])


@any_files
@given(SIZES, CUTS)
def test_any_cutting_of_a_plain_file_gives_each_record_once(
    tmp_path: Path, sizes: list[int], cuts: list[int]
) -> None:
    plain = records(sizes)
    uri = save(tmp_path, "x.warc", b"".join(plain))
    assert read(cut(uri, cuts)) == (expected(sizes, starts_of(plain)), [])


@any_files
@given(SIZES, CUTS, st.sampled_from([64, 1_000, 1 << 16]))
def test_any_cutting_of_a_block_compressed_file_gives_each_record_once(
    tmp_path: Path, sizes: list[int], cuts: list[int], block: int
) -> None:
    uri = save(tmp_path, "x.warc.gz", bgzf(b"".join(records(sizes)), block))
    seen, damage = read(cut(uri, cuts))
    wanted = expected(sizes, [0] * len(sizes))
    assert [s[1:] for s in seen] == [w[1:] for w in wanted]
    assert damage == []


@any_files
@given(SIZES, CUTS)
def test_any_cutting_of_a_file_of_one_member_gives_each_record_once(
    tmp_path: Path, sizes: list[int], cuts: list[int]
) -> None:
    uri = save(tmp_path, "x.warc.gz", member(b"".join(records(sizes))))
    assert read(cut(uri, cuts)) == (expected(sizes, [0] * len(sizes)), [])


@pytest.mark.parametrize("name", ["x.warc.gz", "x.warc"])
def test_every_target_size_gives_each_record_once(tmp_path: Path, name: str) -> None:
    pieces = [member(r) if name.endswith("gz") else r for r in records(SMALL)]
    uri = save(tmp_path, name, b"".join(pieces))
    for target_bytes in range(1, sum(map(len, pieces)) + 2, 3):
        assert read(equal_cuts(uri, target_bytes)) == (expected(SMALL, starts_of(pieces)), [])


def test_planned_splits_of_a_file_give_each_record_once(tmp_path: Path) -> None:
    sizes = [70_000, 0, 5_000, 300, 70_000]
    plain = records(sizes)
    source = InputConfig(paths=(save(tmp_path, "x.warc", b"".join(plain)),))
    splits = plan([source], find_files([source]), SplitsConfig(target_bytes=1 << 14))
    assert len(splits) == 9
    assert read(splits) == (expected(sizes, starts_of(plain)), [])


def faults(damage: list[Damage]) -> list[tuple[int, str]]:
    return [(d.offset, d.fault) for d in damage]


def ids(seen: list[Seen]) -> list[tuple[int, str]]:
    return [(offset, record_id) for offset, record_id, _ in seen]


MEMBERS = [member(r) for r in records(SMALL)]
AT = [*starts_of(MEMBERS), sum(map(len, MEMBERS))]
PLAIN = records(SMALL)
PLAIN_AT = [*starts_of(PLAIN), sum(map(len, PLAIN))]


def test_a_clipped_file_gives_its_whole_records_and_names_the_clipped_one(tmp_path: Path) -> None:
    uri = save(tmp_path, "x.warc.gz", b"".join(MEMBERS)[: AT[3] + 60])
    seen, damage = read(cut(uri))
    assert ids(seen)[:3] == [(AT[0], "0"), (AT[1], "1"), (AT[2], "2")]
    detail = "the file ends inside a gzip member"
    assert damage == [Damage(uri, AT[3], "clipped", detail)]


@pytest.mark.parametrize("form", ["members", "plain", "bgzf", "single"])
def test_a_file_clipped_anywhere_gives_a_prefix_of_its_records(tmp_path: Path, form: str) -> None:
    pack: dict[str, Callable[[list[bytes]], bytes]] = {
        "members": lambda rs: b"".join(map(member, rs)),
        "plain": b"".join,
        "bgzf": lambda rs: bgzf(b"".join(rs), 200),
        "single": lambda rs: member(b"".join(rs)),
    }
    data = pack[form](PLAIN)
    whole, _ = read(cut(save(tmp_path, "whole.warc.gz", data)))
    for size in range(0, len(data), 3):
        seen, damage = read(cut(save(tmp_path, "x.warc.gz", data[:size])))
        sound = [s for s, w in zip(seen, whole, strict=False) if s == w]
        assert len(seen) - len(sound) <= 1  # the record that was cut
        assert all(w[2].startswith(s[2]) for s, w in zip(seen, whole, strict=False))
        assert len(damage) <= 1
        clean_ends = {*AT} if form == "members" else {*PLAIN_AT} if form == "plain" else set()
        if size not in clean_ends and form in ("members", "single"):
            assert len(damage) == 1


@pytest.mark.parametrize("at", range(10, len(MEMBERS[2]), 7))
def test_a_flipped_byte_costs_one_record(tmp_path: Path, at: int) -> None:
    broken = bytearray(MEMBERS[2])
    broken[at] ^= 0x55
    uri = save(tmp_path, "x.warc.gz", b"".join([*MEMBERS[:2], broken, *MEMBERS[3:]]))
    seen, damage = read(cut(uri))
    others = [found for found in ids(seen) if found[0] != AT[2]]
    assert others == [(AT[0], "0"), (AT[1], "1"), (AT[3], "3")]
    assert len(damage) == 1
    assert damage[0].fault == "corrupt"


@pytest.mark.parametrize(
    ("data", "wanted", "damaged"),
    [
        pytest.param(
            MEMBERS[0] + b"garbage" + MEMBERS[1],
            [(0, "0"), (AT[1] + 7, "1")],
            [(AT[1], "corrupt")],
            id="between members",
        ),
        pytest.param(b"garbage" + MEMBERS[0], [(7, "0")], [(0, "corrupt")], id="at the start"),
        pytest.param(MEMBERS[0] + b"garbage", [(0, "0")], [(AT[1], "corrupt")], id="at the end"),
        pytest.param(MEMBERS[0] + b"\0" * 999, [(0, "0")], [], id="zeros at the end"),
        pytest.param(
            MEMBERS[0] + b"\0" * 999 + MEMBERS[1],
            [(0, "0"), (AT[1] + 999, "1")],
            [],
            id="zeros between members",
        ),
        pytest.param(b"".join(PLAIN[:2]), [(0, "0"), (PLAIN_AT[1], "1")], [], id="plain named gz"),
        pytest.param(PLAIN[0] + b"\r\n\n\0", [(0, "0")], [], id="plain, padded"),
        pytest.param(
            PLAIN[0] + b"garbage\n" + PLAIN[1],
            [(0, "0"), (PLAIN_AT[1] + 8, "1")],
            [(PLAIN_AT[1], "corrupt")],
            id="plain, between records",
        ),
        pytest.param(
            MEMBERS[0] + member(b"") * 3000 + MEMBERS[1],
            [(0, "0"), (AT[1] + 3000 * len(member(b"")), "1")],
            [],
            id="thousands of empty members",
        ),
        pytest.param(member(b""), [], [(0, "corrupt")], id="one empty member"),
        pytest.param(b"", [], [(0, "empty")], id="empty"),
    ],
)
def test_what_stands_between_records_is_damage_once(
    tmp_path: Path, data: bytes, wanted: list[tuple[int, str]], damaged: list[tuple[int, str]]
) -> None:
    uri = save(tmp_path, "x.warc.gz", data)
    for cuts in ([], [5, AT[1] - 1, AT[1] + 1, AT[1] + 5]):
        seen, damage = read(cut(uri, cuts if data else []))
        assert (ids(seen), faults(damage)) == (wanted, damaged)


WRONG = [
    "100000",
    "5",
    "0",
    "-5",
    "abc",
    "1" + "0" * 17,
    "1" + "0" * 30,
    None,
    "1e9",
    "18446744073709551616",
]


@pytest.mark.parametrize("length", WRONG)
@pytest.mark.parametrize("name", ["x.warc.gz", "x.warc"])
def test_a_wrong_length_costs_no_other_record(
    tmp_path: Path, length: str | None, name: str
) -> None:
    wrong = record(http(b"<p>wrong"), record_id="wrong", length=length)
    pieces = [PLAIN[0], wrong, PLAIN[1], PLAIN[2]]
    packed = [member(piece) for piece in pieces] if name.endswith("gz") else pieces
    at = starts_of(packed)
    seen, damage = read(cut(save(tmp_path, name, b"".join(packed))))
    assert [s for s in ids(seen) if s[1] != "wrong"] == [(at[0], "0"), (at[2], "1"), (at[3], "2")]
    assert len(damage) <= 1


@pytest.mark.parametrize("name", ["x.warc.gz", "x.warc"])
@pytest.mark.parametrize("line", [b"X: " + b"a" * 5_000_000 + b"\r\n", b"X: a\r\n" * 800_000])
def test_a_header_of_megabytes_costs_its_record_only(
    tmp_path: Path, name: str, line: bytes
) -> None:
    pieces = [PLAIN[0], record(b"", record_id="huge", extra=line), PLAIN[1]]
    packed = [member(piece) for piece in pieces] if name.endswith("gz") else pieces
    at = starts_of(packed)
    seen, damage = read(cut(save(tmp_path, name, b"".join(packed))))
    assert ids(seen) == [(0, "0"), (at[2], "1")]
    assert faults(damage) == [(at[1], "corrupt")]


def test_thousands_of_broken_headers_cost_no_record(tmp_path: Path) -> None:
    uri = save(tmp_path, "x.warc", b"WARC/1.0\r\nA:b\r\n" * 3000 + PLAIN[0])
    seen, damage = read(cut(uri))
    assert ids(seen) == [(45_000, "0")]
    assert len(damage) == 3000


ROOT = Path(__file__).parents[2]
_BOMB = """
import resource, sys
from tests.ingest.warcs import pages_of
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pages, damage = pages_of(sys.argv[1])
print([str(page.reason) for page in pages], damage)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_bomb_is_too_large_and_never_held(tmp_path: Path) -> None:
    megabytes = 200
    head = http(b"")
    length = str(len(head) + (megabytes << 20))
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = deflate.compress(record(head, length=length)[: -len(b"\r\n\r\n")])
    packed += b"".join(deflate.compress(bytes(1 << 20)) for _ in range(megabytes))
    uri = save(tmp_path, "x.warc.gz", packed + deflate.flush() + MEMBERS[0])
    command = [sys.executable, "-c", _BOMB, uri]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    found, grown_kb = printed.splitlines()
    assert found == "['body_too_large', 'None'] []"
    assert int(grown_kb) < 60_000


def test_a_bomb_in_a_header_costs_its_record_only(tmp_path: Path) -> None:
    bomb = member(b"WARC/1.0\r\nX: " + bytes(20 << 20))
    seen, damage = read(cut(save(tmp_path, "x.warc.gz", bomb + MEMBERS[0])))
    assert ids(seen) == [(len(bomb), "0")]
    assert faults(damage) == [(0, "corrupt")]


def read_all(folder: Path, name: str, data: bytes, cuts: list[int]) -> list[str]:
    """The pages of a file cut at `cuts`: their doc_ids."""
    uri = save(folder, name, data)
    tally, found = Tally(), []
    source, config = InputConfig(paths=(uri,)), IngestConfig(max_body_bytes=1000)
    for split in cut(uri, cuts):
        for batch in read_pages(split, source, config, seed=0, tally=tally):
            found += batch.column("doc_id").to_pylist()
    return found


NAMES = st.sampled_from(["x.warc", "x.warc.gz"])


@any_files
@given(st.binary(max_size=2000), NAMES, CUTS)
def test_random_bytes_are_damage_and_nothing_else(
    tmp_path: Path, data: bytes, name: str, cuts: list[int]
) -> None:
    assert read_all(tmp_path, name, data, cuts) == []
    seen, damage = read(cut(save(tmp_path, name, data)))
    padding = data != b"" and data.strip(b"\r\n\0") == b""
    assert (seen, len(damage)) == ([], 0 if padding else 1)


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """A file of records in which bytes were changed, taken out or put in."""
    data = bytearray(b"".join(PLAIN))
    pieces = [b"\r\n", b"\n", b"\0", b":", b"\xff", b"WARC/1.0\r\n", b"Content-Length: 9\r\n"]
    for _ in range(draw(st.integers(1, 6))):
        at, size = draw(st.integers(0, len(data))), draw(st.integers(0, 30))
        data[at : at + size] = draw(st.sampled_from(pieces) | st.binary(max_size=9))
    return bytes(data)


@any_files
@given(mutations(), CUTS)
def test_broken_headers_raise_nothing(tmp_path: Path, data: bytes, cuts: list[int]) -> None:
    read_all(tmp_path, "x.warc", data, cuts)
    in_members = b"".join(member(data[at : at + 400]) for at in range(0, len(data), 400))
    whole = read_all(tmp_path, "x.warc.gz", member(data) + in_members, [])
    assert read_all(tmp_path, "x.warc.gz", member(data) + in_members, cuts) == whole


@pytest.mark.parametrize("name", ["x.warc.gz", "x.warc"])
def test_records_with_bare_line_feeds_are_read(tmp_path: Path, name: str) -> None:
    head, block = b"WARC/0.18\nWARC-Type: response\nWARC-Record-ID: <urn:uuid:%d>\n", http(b"<p>x")
    old = [head % n + b"Content-Length: %d\n\n" % len(block) + block + b"\n\n" for n in (1, 2)]
    packed = [member(piece) for piece in old] if name.endswith("gz") else old
    uri = save(tmp_path, name, b"".join(packed))
    assert read(cut(uri)) == ([(0, "1", block), (len(packed[0]), "2", block)], [])


def test_a_length_that_is_too_short_in_a_member_is_damage(tmp_path: Path) -> None:
    wrong = member(record(http(b"<p>wrong"), record_id="wrong", length="5"))
    uri = save(tmp_path, "x.warc.gz", MEMBERS[0] + wrong + MEMBERS[1])
    seen, damage = read(cut(uri))
    assert ids(seen) == [(0, "0"), (AT[1], "wrong"), (AT[1] + len(wrong), "1")]
    assert damage == [Damage(uri, AT[1], "corrupt", "Invalid WARC header")]


@pytest.mark.parametrize("size", [*range(65_300, 65_545), *range(131_000, 131_080), 300])
def test_a_wrong_checksum_never_lets_the_page_through(tmp_path: Path, size: int) -> None:
    good = member(record(http(b"<p>" + b"x" * size)))
    bad = good[:-8] + bytes([good[-8] ^ 1]) + good[-7:]
    pages, damage = pages_of(save(tmp_path, "x.warc.gz", bad + good))
    assert [page.reason for page in pages] in (["incomplete_record", None], [None])
    assert [(found.offset, found.fault) for found in damage] == [(0, "corrupt")]
