"""Pages that are poor by rule: furniture of sites around snippets of real text.

Each rule is a kind of page of the web whose lines are no text that one would quote: menus, teasers
that break off, threads of forums, shops, records, lists, comments, fragments. Snippets are taken of
good documents too, so what a page speaks of says nothing of its label: its form does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

Lines = list[str]
NOTICES = "notices"
"""Ends the name of a kind of phrases that are whole sentences."""
_MARKS = ("...", "…", "[...]", " ...", "[…]", "…Read More", "... read more", "")
_MONTHS = (
    "Jan",
    "February",
    "Mar",
    "April",
    "May",
    "June",
    "Jul",
    "August",
    "Sept",
    "October",
    "Nov",
)
_SENTENCE = re.compile(r"(?<=[.!?。！？।])\s*(?=\S)")
_FIELD = re.compile(r"\{(n|name|date|title|price)\}")


def english() -> Mapping[str, Sequence[str]]:
    """The phrases of `quality_phrases.txt`, by kind."""
    file = resources.files("classifiers.training").joinpath("quality_phrases.txt")
    kinds = file.read_text("utf-8").split("\n== ")[1:]
    return {kind.split("\n")[0]: kind.strip().split("\n")[1:] for kind in kinds}


@dataclass(frozen=True)
class Stock:
    """What pages of a language are made of: phrases by kind of site, and lines of documents."""

    phrases: Mapping[str, Sequence[str]]
    prose: Sequence[str]
    chat: Sequence[str]
    sales: Sequence[str]


@dataclass(frozen=True)
class Draw:
    """Parts of pages, drawn."""

    rng: random.Random
    stock: Stock

    def number(self) -> str:
        """Of up to five digits."""
        return str(self.rng.randrange(10 ** self.rng.randint(1, 5)))

    def date(self) -> str:
        """In one of some forms."""
        month, day, year = self.rng.choice(_MONTHS), self.rng.randint(1, 28), 2000
        forms = (
            f"{month} {day}, {year}",
            f"{day} {month} {year}",
            f"{day}/{day}/{year}",
            f"{year}-11-{day}",
        )
        return self.rng.choice(forms)

    def words(self, least: int, most: int) -> str:
        """Some words out of the middle of a line, which may be a script without blanks."""
        line = self.rng.choice(self.stock.prose)
        words = line.split()
        wanted = self.rng.randint(least, most)
        if len(words) < 3:
            at = self.rng.randrange(max(1, len(line) - 2 * wanted))
            return line[at : at + 2 * wanted]
        at = self.rng.randrange(max(1, len(words) - wanted))
        return " ".join(words[at : at + wanted]).strip(".,;:()[]\"'-")

    def title(self) -> str:
        """A heading."""
        found = self.words(1, 8)
        return found.title() if self.rng.random() < 0.5 else found[:1].upper() + found[1:]

    def name(self) -> str:
        """What stands for a name."""
        return self.words(1, 2).title()

    def price(self) -> str:
        """An amount of money."""
        return f"{self.rng.choice('$$$£€')}{self.rng.randint(1, 2000)}.{self.rng.randint(0, 99):02}"

    def phrase(self, *kinds: str) -> str:
        """One of a kind, filled in."""
        known = [kind for kind in kinds if self.stock.phrases.get(kind)]
        known = known or [kind for kind in self.stock.phrases if not kind.endswith(NOTICES)]
        found = self.rng.choice(self.stock.phrases[self.rng.choice(known)])
        made = {
            "n": self.number,
            "name": self.name,
            "date": self.date,
            "title": self.title,
            "price": self.price,
        }
        return _FIELD.sub(lambda field: made[field[1]](), found)

    def snippet(self, lines: Sequence[str], most: int) -> str:
        """The beginning of a line, of `most` characters at most, whole sentences or broken off."""
        line = self.rng.choice(lines or self.stock.prose)
        if len(line) > most:
            cut = line[:most].rsplit(" ", 1)[0]
            return cut + self.rng.choice(_MARKS)
        return line

    def sentences(self, lines: Sequence[str], most: int) -> str:
        """Up to `most` neighbouring sentences of a line."""
        found = _SENTENCE.split(self.rng.choice(lines or self.stock.prose))
        at = self.rng.randrange(len(found))
        return " ".join(found[at : at + self.rng.randint(1, most)])[:700]

    def some(self, least: int, most: int) -> range:
        """A range of a drawn length."""
        return range(self.rng.randint(least, most))

    def maybe(self, chance: float) -> bool:
        """With that chance."""
        return self.rng.random() < chance


def menu(draw: Draw) -> Lines:
    """Nothing but furniture, of one kind of site or of all."""
    kinds = draw.rng.sample(
        ["menu", "blog", "forum", "shop", "site", "event"], draw.rng.randint(1, 3)
    )
    joined = draw.rng.choice([" | ", " » ", " · ", None, None, None])
    found = [draw.phrase(*kinds) for _ in draw.some(4, 30)]
    return [joined.join(found)] if joined else found


def teasers(draw: Draw) -> Lines:
    """Beginnings of articles, each under its heading."""
    found = [draw.phrase("menu", "blog")] if draw.maybe(0.5) else []
    most, dated, more = draw.rng.randint(60, 350), draw.maybe(0.5), draw.maybe(0.6)
    for _ in draw.some(2, 10):
        found.append(draw.title())
        found += [draw.phrase("blog")] if dated else []
        found.append(draw.snippet(draw.stock.prose, most))
        found += [draw.phrase("blog", "site")] if more else []
    return found


def thread(draw: Draw) -> Lines:
    """Posts of a forum: who, when, a few sentences."""
    found = [draw.phrase("forum") for _ in draw.some(0, 5)]
    lines = draw.stock.chat if draw.maybe(0.6) else draw.stock.prose
    for _ in draw.some(1, 8):
        found += [draw.phrase("forum") for _ in draw.some(1, 6)]
        found += [draw.phrase("chat", "forum")] if draw.maybe(0.5) else []
        found += [draw.sentences(lines, 3) for _ in draw.some(1, 3)]
    return found


def shop(draw: Draw) -> Lines:
    """Products, with what they cost and a word of praise."""
    found = [draw.phrase("shop", "menu") for _ in draw.some(0, 4)]
    for _ in draw.some(1, 6):
        found.append(draw.title())
        found += [draw.sentences(draw.stock.prose, 2)] if draw.maybe(0.4) else []
        found += [draw.phrase("sales", "shop")] if draw.maybe(0.6) else []
        found += [draw.snippet(draw.stock.sales, 300)] if draw.maybe(0.3) else []
        found += [draw.phrase("shop") for _ in draw.some(2, 10)]
    return found


def listing(draw: Draw) -> Lines:
    """Headings, one a line: contents, an index, results."""
    form = draw.rng.choice(
        ["{title}", *draw.stock.phrases.get("listing", ["{title}", "- {title}", "{n}. {title}"])]
    )
    one = Draw(draw.rng, Stock({"": [form]}, draw.stock.prose, (), ()))
    found = [draw.phrase("menu", "site", "event") for _ in draw.some(0, 3)]
    return found + [one.phrase("") for _ in draw.some(5, 60)]


def record(draw: Draw) -> Lines:
    """Fields of an event, a book or a house, with a snippet."""
    found = [draw.title(), *(draw.phrase("event", "site", "shop") for _ in draw.some(3, 12))]
    snippets = [draw.snippet(draw.stock.prose, draw.rng.randint(100, 600)) for _ in draw.some(0, 2)]
    for snippet in snippets:
        found.insert(draw.rng.randint(1, len(found)), snippet)
    return found


def comments(draw: Draw) -> Lines:
    """A few sentences, and what people say of them."""
    found = [draw.sentences(draw.stock.prose, 3)] if draw.maybe(0.7) else []
    found += [draw.phrase("blog") for _ in draw.some(1, 5)]
    for _ in draw.some(1, 10):
        found += [draw.phrase("blog", "forum")]
        said = draw.stock.chat if draw.maybe(0.8) else draw.stock.prose
        found += [draw.phrase("chat", "blog") if draw.maybe(0.5) else draw.sentences(said, 3)]
    return found


def fragment(draw: Draw) -> Lines:
    """A sentence or two, with little around."""
    found = [draw.title()] if draw.maybe(0.5) else []
    found += [draw.phrase("blog", "shop", "event", "menu") for _ in draw.some(0, 3)]
    found.append(draw.snippet(draw.stock.prose, draw.rng.randint(60, 400)))
    return found + [draw.phrase("blog", "shop", "menu", "site") for _ in draw.some(0, 4)]


def notices(draw: Draw) -> Lines:
    """Paragraphs of what software tells who uses it: they look like prose."""
    kinds = [kind for kind in draw.stock.phrases if kind.endswith(NOTICES)]
    found = []
    for _ in draw.some(1, 5):
        found += [draw.phrase()] if draw.maybe(0.3) else []
        found.append(" ".join(draw.phrase(*kinds) for _ in draw.some(1, 6)))
    return found


KINDS: Mapping[str, Callable[[Draw], Lines]] = {
    "menu": menu,
    "teasers": teasers,
    "thread": thread,
    "shop": shop,
    "listing": listing,
    "record": record,
    "comments": comments,
    "fragment": fragment,
    "notices": notices,
}
"""The rules, by the name that cards give them."""
