"""For every rule a text that just passes the limit of a preset, and one that just fails it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from string import ascii_lowercase

from schemas.cut_reason import CutReason
from schemas.drop_reason import DropReason


@dataclass(frozen=True)
class Planted:
    """`lines` are rules for lines that are on as well; `kinds` those of the lines of both texts."""

    preset: str
    reason: DropReason | CutReason
    passes: str
    fails: str
    lines: Sequence[CutReason] = ()
    kinds: str | None = None


def unique(number: int) -> str:
    """A word that no other number has: six letters."""
    letters = ""
    for _ in range(6):
        number, letter = divmod(number, 26)
        letters += ascii_lowercase[letter]
    return letters


def words(number: int, *, first: int = 0) -> str:
    """So many different words of six letters."""
    return " ".join(unique(n) for n in range(first, first + number))


def mixed(special: str, some: int, plain: str = "mill", of: int = 100) -> str:
    """Among `of` words, `some` special ones."""
    return " ".join([special] * some + [plain] * (of - some))


def in_lines(special: str, some: int, of: int = 100) -> str:
    """`of` lines of seven characters, all different but for `some` special ones."""
    return "\n".join([special] * some + [unique(n) + "," for n in range(of - some)])


def repeating(unit: str, some: int, of: int = 100) -> str:
    """`of` units, of which `some` have stood before: lines, or paragraphs with a blank line."""
    return unit.join([unique(n) for n in range(of - some)] + [unique(0)] * some)


def ngrams(gram: str, times: int, length: int) -> str:
    """A text of `length` characters in which nothing repeats but the n-gram."""
    fillers = count(1000)
    text = gram
    for _ in range(times - 1):
        text += f" {unique(next(fillers))} {gram}"
    while length - len(text) > 14:
        text += f" {unique(next(fillers))}"
    rest = length - len(text) - 1
    assert rest > 0
    return text + " " + "z" * rest


def gram(n: int, characters: int) -> str:
    """N different words of so many characters in all."""
    extra = characters - n
    return " ".join(
        letter * (1 + (extra if at == 0 else 0)) for at, letter in enumerate("abcdefghij"[:n])
    )


_SENTENCE = "The mill turned. "
_DIRTY = "bastard bitch blowjob cunt"  # from the English list; four are the least that count


def _dirty(some: int, of: int) -> str:
    found = _DIRTY.split() + ["bitch"] * (some - 4)
    return " ".join(found + ["mill"] * (of - some))


def _ngram_rules() -> list[Planted]:
    tops = [(2, "aa bb", 4, 100), (3, "aa bb cc", 9, 400), (4, "aa bb cc dd", 16, 1100)]
    rules = [
        Planted("gopher", DropReason(f"top_{n}gram_too_frequent"), *_both(unit, times, length))
        for n, unit, times, length in tops
    ]
    for n in range(5, 11):
        unit = gram(n, 20 - n)  # 15 characters for n = 5, which may be 0.15 of a text, and so on
        reason = DropReason(f"too_many_duplicate_{n}grams")
        rules.append(Planted("gopher", reason, *_both(unit, 2, 100)))
    return rules


def _both(unit: str, times: int, length: int) -> tuple[str, str]:
    return ngrams(unit, times, length), ngrams(unit, times, length - 1)


D, C = DropReason, CutReason
PAGES = [
    Planted("gopher", D.TOO_FEW_WORDS, words(50), words(49)),
    Planted("gopher", D.TOO_MANY_WORDS, "mill " * 100_000, "mill " * 100_001),
    Planted("gopher", D.WORDS_TOO_SHORT, "the " * 60, "the " * 59 + "of"),
    Planted("gopher", D.WORDS_TOO_LONG, "abcdefghij " * 60, "abcdefghij " * 59 + "abcdefghijk"),
    Planted("gopher", D.TOO_MANY_HASHES, mixed("#mill", 10), mixed("#mill", 11)),
    Planted("gopher", D.TOO_MANY_ELLIPSES, mixed("mill...", 10), mixed("mill…", 11)),
    Planted("gopher", D.TOO_MANY_BULLET_LINES, in_lines("- abcde", 90), in_lines("• abcde", 91)),
    Planted("gopher", D.TOO_MANY_ELLIPSIS_LINES, in_lines("abcd...", 30), in_lines("abcd...", 31)),
    Planted("gopher", D.TOO_FEW_ALPHABETIC_WORDS, mixed("12", 20), mixed("12", 21)),
    Planted("gopher", D.TOO_FEW_STOP_WORDS, "the mill of stone", "the mill the stone"),
    Planted("gopher", D.TOO_MANY_DUPLICATE_LINES, repeating("\n", 30), repeating("\n", 31)),
    Planted(
        "gopher", D.TOO_MANY_DUPLICATE_PARAGRAPHS, repeating("\n\n", 30), repeating("\n\n", 31)
    ),
    Planted(
        "gopher", D.TOO_MANY_DUPLICATE_LINE_CHARACTERS, repeating("\n", 20), repeating("\n", 21)
    ),
    Planted(
        "gopher",
        D.TOO_MANY_DUPLICATE_PARAGRAPH_CHARACTERS,
        repeating("\n\n", 20),
        repeating("\n\n", 21),
    ),
    *_ngram_rules(),
    Planted("c4", D.TOO_FEW_SENTENCES, _SENTENCE * 5, _SENTENCE * 4),
    Planted("c4", D.CURLY_BRACKET, "a (b) c", "a {b c"),
    Planted("c4", D.LOREM_IPSUM, "lorem and ipsum", "Lorem Ipsum dolor"),
    Planted("fineweb", D.TOO_FEW_TERMINAL_LINES, in_lines("abcdef.", 12), in_lines("abcdef.", 11)),
    Planted(
        "fineweb",
        D.TOO_MANY_SHORT_LINES,
        "\n".join(["a" * 30] * 67 + ["a" * 31] * 33),
        "\n".join(["a" * 30] * 68 + ["a" * 31] * 32),
    ),
    Planted(
        "fineweb", D.TOO_MANY_DUPLICATE_LINE_CHARACTERS, repeating("\n", 1), repeating("\n", 2)
    ),
    Planted("fineweb", D.TOO_MANY_LINE_BREAKS, "a " * 70 + "\na" * 30, "a " * 69 + "\na" * 31),
    Planted(
        "refinedweb", D.TOO_MUCH_CUT, words(38) + "\n3 likes", words(37) + "\n3 likes", [C.COUNTER]
    ),
    Planted(
        "llama3",
        D.TOO_FEW_WORDS_LEFT,
        words(50) + "\n3 likes",
        words(49) + "\n3 likes",
        [C.COUNTER],
    ),
    Planted("llama3", D.TOO_MANY_DIRTY_WORDS, _dirty(6, 400), _dirty(7, 400)),
    Planted("nemo", D.TOO_FEW_ALPHANUMERICS, "aa1-" * 25, "aa1-" * 24 + "aa--"),
    Planted("nemo", D.TOO_MANY_DIGITS, "1" * 15 + "a" * 85, "1" * 16 + "a" * 84),
    Planted("nemo", D.TOO_MANY_URLS, "http://a.b/c " + "a" * 47, "http://a.b/c " + "a" * 46),
    Planted("nemo", D.TOO_MUCH_WHITE_SPACE, "abc " * 25, "abc " * 24 + "ab\n "),
    Planted(
        "nemo", D.TOO_MANY_BRACKETS, "(aaaaaaaa)" * 5 + "a" * 50, "(aaaaaaaa)" * 5 + "a" * 49 + "["
    ),
    Planted("code", D.TOO_FEW_LETTERS, "a" * 25 + "+" * 75, "a" * 24 + "+" * 76),
    Planted("code", D.CODE_LINE_TOO_LONG, "a" * 1000, "a" * 1001, kinds="c"),
    Planted(
        "code",
        D.CODE_LINES_TOO_LONG,
        "a" * 99 + "\n" + "a" * 101,
        "a" * 100 + "\n" + "a" * 101,
        kinds="cc",
    ),
    Planted("sft", D.TOO_MANY_EMOJIS, mixed("mill", 95, "😀 mill"), mixed("mill", 94, "😀 mill")),
    Planted("sft", D.TOO_MANY_EXCLAMATIONS, mixed("mill!", 10), mixed("mill!", 11)),
    Planted("sft", D.TOO_MANY_APOLOGIES, "I'm sorry. It is late.", "I'm sorry. I apologize."),
    Planted(
        "sft", D.TOO_MANY_REPEATED_CHARACTERS, "a" * 10 + "bc" * 45, "a" * 11 + "bc" * 44 + "b"
    ),
]

_NINE = " ".join(letter * 10 for letter in "abcdefghi")
_BEFORE = f"{_NINE} {'x' * 10} and so on it went.\n"
LINES = [
    Planted(
        "llama3", C.REPEATED_NGRAMS, f"{_BEFORE}{_NINE} {'y' * 10}", f"{_BEFORE}{_NINE} {'y' * 9}"
    ),
    Planted("c4", C.WORD_TOO_LONG, "a" * 1000, "a" * 1001),
    Planted("c4", C.NO_SENTENCE_END, "The mill turned.", "The mill turned"),
    Planted("c4", C.TOO_FEW_WORDS_IN_LINE, "It has turned.", "It turned."),
    Planted("refinedweb", C.TOO_FEW_WORDS_IN_LINE, "It turned.", "Turned."),
    Planted("c4", C.JAVASCRIPT, "Java script is on.", "Please enable JavaScript."),
    Planted("c4", C.POLICY, "A policy on privacy.", "See our Privacy Policy."),
    Planted("refinedweb", C.MOSTLY_UPPER_CASE, "AAAAA bbbb", "AAAAAA bbb"),
    Planted("refinedweb", C.ONLY_NUMBERS, "1" * 99 + "a", "1" * 100),
    Planted("refinedweb", C.COUNTER, "3 likes it", "3 likes"),
    Planted("refinedweb", C.NAVIGATION, words(9) + " Read more", words(8) + " Read more"),
    Planted("c4", C.REFERENCE, "So it is.[three]", "So it is.[3]"),
]
