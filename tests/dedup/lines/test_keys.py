from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curation.dedup.lines.characters import character_of, characters
from curation.dedup.lines.keys import LineKeyer, line_hashes
from curation.dedup.minhash import blocks
from curation.tokens.tokenise import WORD, tokenise
from schemas.keys import OF_LINES
from tests.dedup.lines.naive import form

PIECES = [
    *("<EMAIL>", "<PRIVATE_KEY>", "<EMAIL", "<Email>", "<X>", "<<PHONE>>", "\n", "\n\n", " ", "\t"),
    *(
        "٣٤٥",
        "๑๒๓",
        "１２",
        "123",
        "中文字符",
        "ภาษาไทย",
        "العربية",
        "e\u0301",
        "É",
        "Straße",
        "ẞ",
        "İ",
    ),
    *(
        "\0",
        "\u200f",
        "\u200b",
        "\u00a0",
        "\x1c",
        "\x85",
        "—",
        "¿",
        "。",
        "«",
        "$5",
        "a+b",
        "Σς",
        "Ⱥ",
    ),
    *("\ufffd", "\U0001f600", "\U00010400", "\U000e0041", "Word", "two words", "-", "...", "'s"),
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)
KINDS = {"line_hashes": np.uint64, "line_bytes": np.uint32, "line_words": np.uint16}


def keyed(texts: pa.Array, kinds: pa.Array | None = None) -> list[list[tuple[int, int, int]]]:
    """Hash, bytes and words of each line of each text."""
    columns = {"text": texts} | ({} if kinds is None else {"line_kinds": kinds})
    batch = pa.RecordBatch.from_pydict(columns)
    keyer = LineKeyer(batch)
    for rows, tokens in blocks(batch.column("text")):
        keyer.add(rows, tokens)
    found = keyer.found()
    assert list(found) == [column.name for column in OF_LINES]
    values = [
        [np.frombuffer(row, KINDS[name]).tolist() for row in column.to_pylist()]
        for name, column in found.items()
    ]
    return [list(zip(*row, strict=True)) for row in zip(*values, strict=True)]


def clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def test_every_character_stands_for_what_pythons_strings_say() -> None:
    table = characters()
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        expected = form(f"x{chr(code)}x")
        found = character_of.py_func(code, table)
        assert f"x{chr(found) if found else ''}x" == expected, hex(code)
        if code < 0x80 and chr(code) not in "<\n":
            assert table.bytes[code] & 0xFF == found


@given(st.lists(texts.map(clean), min_size=1, max_size=4))
@example(["", "\n", "<EMAIL>", "a <EMAIL> b\na b\n A  B!", "é\ne\u0301\ne"])
@example(
    ["1\n٣\n๑\n１", "\0a\n\u200fa\na", "Straße\nstraße\nstrasse", "x" * 100 + "\n" + "x" * 101]
)
def test_lines_are_the_same_where_their_forms_are(given: list[str]) -> None:
    found = keyed(pa.array(given))
    forms: dict[int, str] = {0: ""}
    hashes: dict[str, int] = {"": 0}
    for text, lines in zip(given, found, strict=True):
        written = text.split("\n")
        assert [size for _, size, _ in lines] == [len(line.encode()) for line in written]
        tokens = tokenise(pa.array([text]))
        words = np.count_nonzero(tokens.kinds[: tokens.rows[1]] & WORD)
        assert sum(number for *_, number in lines) == words
        for line, (value, *_) in zip(written, lines, strict=True):
            assert forms.setdefault(value, form(line)) == form(line)
            assert hashes.setdefault(form(line), value) == value


def test_words_are_counted_by_line() -> None:
    ((first, second, third),) = keyed(pa.array(["One, two <EMAIL>.\n\n汉语 คำ"]))
    assert (first[2], second[2]) == (3, 0)
    assert third[2] == 2
    ((many,),) = keyed(pa.array(["a " * 70_000]))
    assert many[1:] == (140_000, 65_535)


def test_code_tables_and_mathematics_are_not_compared() -> None:
    text = "\n".join(["same line"] * 6)
    (found,), (plain,) = keyed(pa.array([text]), pa.array(["phlctm"])), keyed(pa.array([text]))
    (same,) = {value for value, *_ in plain}
    assert [value for value, *_ in found] == [same] * 3 + [0] * 3
    first, second = keyed(pa.array([text, text]), pa.array([None, "cccccc"]))
    assert [value for value, *_ in first + second] == [same] * 6 + [0] * 6


def test_code_whose_lines_have_no_kind_is_not_compared() -> None:
    text = "return None\nimport numpy as np"
    columns = {
        "domain": ["code", "general", None, None, "math", "code"],
        "route": [None, "prose", "code", "prose", "prose", "code"],
        "line_kinds": [None, None, None, None, None, "pp"],
    }
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    batch = pa.RecordBatch.from_pydict({"text": pa.array([text] * 6), **arrays})
    keyer = LineKeyer(batch)
    for rows, tokens in blocks(batch.column("text")):
        keyer.add(rows, tokens)
    found = [
        np.frombuffer(value, "<u8").any() for value in keyer.found()["line_hashes"].to_pylist()
    ]
    assert found == [False, True, False, True, False, True]


def test_slices_blocks_and_broken_bytes_change_nothing_in_other_rows() -> None:
    rows = ["a line\nand more", "x" * 300_000, "", "the end\n"]
    kinds = [None, "p", None, "hc"]
    whole = keyed(pa.array(rows), pa.array(kinds))
    parts = [keyed(pa.array(rows).slice(n, 1), pa.array(kinds).slice(n, 1)) for n in range(4)]
    assert whole == [of_row for part in parts for of_row in part]
    data, offsets = b"good\n\xed\xa0\x80bad\xffgood", np.array([0, 11, 16], np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    broken = pa.Array.from_buffers(pa.string(), 2, buffers)
    ((first, second), (third,)) = keyed(broken)
    assert keyed(pa.array(["good", "\ufffdgood"])) == [[first], [(third[0], 7, third[2])]]
    assert (second[1], third[1]) == (6, 5)
    assert len({first[0], second[0], third[0]}) == 3


@pytest.mark.parametrize("line", ["", "  ", "***", "<EMAIL>", "—"])
def test_what_nothing_is_left_of_is_not_compared(line: str) -> None:
    assert line_hashes([line]).tolist() == []


def test_hashes_of_lines_are_sorted_and_frozen() -> None:
    found = line_hashes(["Terms of use", "terms of Use.", "Page 3 of 10", "page 9 of 99"])
    assert found.tolist() == sorted(found.tolist())
    assert len(found) == 2
    assert line_hashes(["terms of use"])[0] in found
