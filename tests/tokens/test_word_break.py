from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.tokens.unicode import code_points
from curation.tokens.word_break_kernel import end_of_plain_word, end_of_word, is_plain_symbol

CONFORMANCE = Path(__file__).with_name("fixtures") / "WordBreakTest.txt.gz"


def cases() -> Iterator[list[str]]:
    """The segments of each text in Unicode's own test of UAX #29."""
    for line in gzip.decompress(CONFORMANCE.read_bytes()).decode().splitlines():
        segments = [re.findall("[0-9A-F]{4,}", part) for part in line.split("#")[0].split("÷")]
        if found := ["".join(chr(int(code, 16)) for code in part) for part in segments if part]:
            yield found


def test_words_end_where_unicode_says() -> None:
    tested = 0
    for expected in cases():
        text = "".join(expected).encode("utf-8", "surrogatepass")
        data, at, found = np.frombuffer(text, np.uint8), 0, []
        while at < len(data):
            end = end_of_word(data, at, len(data), code_points())[0]
            found.append(text[at:end].decode("utf-8", "surrogatepass"))
            at = end
        assert found == expected
        tested += 1
    assert tested == 1823


ascii_text = st.text("abzAZ059_'.,:;-\"()\x00~ \n\u0301é\u200d中", min_size=1, max_size=12)


@settings(max_examples=1000)
@given(ascii_text)
def test_the_fast_way_gives_the_same(text: str) -> None:
    """Or leaves it to the other."""
    data = np.frombuffer(text.encode(), np.uint8)
    plain, whole = end_of_plain_word(data, 0, len(data)), None
    if data[0] < 0x80:
        whole = end_of_word(data, 0, len(data), code_points())
        if is_plain_symbol(data, 0, len(data)) and text[0] not in "\r\n ":
            assert whole[:2] == (1, 1)
    if plain[0] > 0:
        assert whole is not None
        assert (plain[0], plain[1], plain[3]) == (whole[0], whole[1], whole[3])
        assert plain[2] == plain[2] & whole[2]
