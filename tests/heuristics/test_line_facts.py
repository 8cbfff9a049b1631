from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.heuristics import line_facts_kernel as fact
from curation.heuristics.line_facts_kernel import find_facts
from curation.tokens.lines import find_lines
from curation.tokens.tokenise import (
    ALPHABETIC,
    CAPITAL,
    CLOSING_QUOTE,
    END,
    LOWER_CASE,
    NUMERIC,
    UNSPACED_WORD,
    WORD,
    tokenise,
)
from tests.tokens.naive import spell, texts

marked = st.lists(
    st.sampled_from(
        (
            *("The", "mill", "e.g", "3", "h2", "中国", "[3]", "[a]", "[1 2]", "[edit]", "[", "]"),
            *(".", "...", "....", "…", "!", '"', "”", "(", ",", "•", "-", " ", " ", " ", " "),
        )
    ),
    max_size=14,
).map("".join)


def naive(line: str) -> list[int]:
    tokens = tokenise(pa.array([line], pa.string()))
    words, kinds = spell(tokens), tokens.kinds[: tokens.rows[1]].tolist()
    facts = [0] * fact.N_FACTS
    if not words:
        return facts
    facts[fact.TOKENS] = len(words)
    of_words = [word for word, kind in zip(words, kinds, strict=True) if kind & WORD]
    facts[fact.WORDS], facts[fact.WORD_CHARACTERS] = len(of_words), sum(map(len, of_words))
    stretches = list(naive_stretches(line, words, kinds))
    facts[fact.STRETCHES] = len(stretches)
    facts[fact.ALPHABETIC_STRETCHES] = sum(has_letter for _, has_letter in stretches)
    facts[fact.LONGEST] = max(length for length, _ in stretches)
    facts[fact.ELLIPSES] = sum(
        len(dots) // 3 for dots in re.findall(r"\.+", "".join(symbols(words, kinds)))
    )
    facts[fact.ELLIPSES] += sum(w.count("…") for w in words if set(w) == {"…"})
    facts[fact.SENTENCES] = naive_sentences(words, kinds)
    facts[fact.FILLED] = 1
    facts[fact.BULLET] = words[0][0] in "•‣⁃∙○◦▪●·*-"
    numeric = [bool(kind & NUMERIC) for kind in kinds if kind & WORD]
    facts[fact.NUMBER_FIRST] = bool(numeric and numeric[0])
    facts[fact.ELLIPSIS_LAST] = is_ellipsis(words[-1])
    facts[fact.TERMINAL_LAST] = bool(kinds[-1] & END)
    facts[fact.SENTENCE_LAST] = ends_sentence(words, kinds)
    return [int(value) for value in facts]


def symbols(words: list[str], kinds: list[int]) -> list[str]:
    """Runs of full stops, apart from those in words."""
    return [
        w if set(w) == {"."} and not k & WORD else " " for w, k in zip(words, kinds, strict=True)
    ]


def naive_stretches(line: str, words: list[str], kinds: list[int]) -> list[tuple[int, bool]]:
    """Length and whether it has a letter, of what stands between blanks."""
    found: list[list[int]] = []
    at, stop = 0, -1
    for word, kind in zip(words, kinds, strict=True):
        at = line.index(word, at)
        if at != stop or kind & UNSPACED_WORD or not found:
            found.append([0, 0])
        found[-1][0] += 0 if kind & UNSPACED_WORD else len(word)
        found[-1][1] |= kind & ALPHABETIC
        at += len(word)
        stop = at
    return [(length, bool(letter)) for length, letter in found]


def naive_sentences(words: list[str], kinds: list[int]) -> int:
    sentences, ended = 0, True
    for before, kind in zip(["", *words], kinds, strict=False):
        if kind & WORD and before[:1] != "[":
            in_lower_case = kind & (LOWER_CASE | CAPITAL) == LOWER_CASE
            sentences += ended and (sentences == 0 or not in_lower_case)
            ended = False
        elif kind & END:
            ended = True
    return sentences


def is_ellipsis(word: str) -> bool:
    return word[0] == "…" or (set(word) == {"."} and len(word) >= 3)


def ends_sentence(words: list[str], kinds: list[int]) -> bool:
    while len(words) > 2 and words[-1] and words[-1][0] == "]":
        inside = 0
        while inside + 2 < len(words) and inside < 2 and kinds[-2 - inside] & WORD:
            inside += 1
        opening = len(words) - 2 - inside
        if opening < 1 or words[opening][0] != "[":
            break
        words, kinds = words[:opening], kinds[:opening]
    return bool(kinds[-1] & (END | CLOSING_QUOTE)) and not is_ellipsis(words[-1])


@settings(max_examples=600)
@given(marked | texts)
def test_facts_are_those_of_the_definition(text: str) -> None:
    tokens = tokenise(pa.array([text], pa.string()))
    found = find_facts(tokens, find_lines(tokens)).tolist()
    assert found == [naive(line) for line in text.split("\n")]


@pytest.mark.parametrize(
    ("line", "sentences", "ends"),
    [
        ("He came. She went.", 2, True),
        ("Fruit, e.g. apples, etc. are cheap.", 1, True),
        ("He said: “Come!”", 1, True),
        ("So it is.[3][citation needed]", 1, True),
        ("And so on...", 1, False),
        ("Contact us", 1, False),
        ("北京是中国的首都。好的！", 2, True),
        ("* * *", 0, False),
    ],
)
def test_sentences_are_those_that_a_reader_sees(line: str, sentences: int, ends: bool) -> None:
    tokens = tokenise(pa.array([line]))
    (found,) = find_facts(tokens, find_lines(tokens))
    assert found[fact.SENTENCES] == sentences
    assert bool(found[fact.SENTENCE_LAST]) == ends
