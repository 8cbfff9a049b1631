"""The stage: texts, titles and URLs redacted, measured, and pages with too much dropped."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.pii.batch import pii_batch
from curation.pii.config import PiiConfig
from schemas.document import PII
from tests.pii.test_find import PEM, PIECES

DEFAULT = PiiConfig()
SURROGATES = PiiConfig(replacement="surrogate")
COLUMNS = ("text", "line_kinds", "title", "url", "host", "language", "drop_reason", "detail")


def batch_of(*texts: str | None, **columns: Any) -> pa.RecordBatch:
    arrays = {name: pa.nulls(len(texts), pa.string()) for name in COLUMNS}
    arrays["text"] = pa.array(texts, pa.string())
    arrays["doc_id"] = pa.array([f"{row:032x}" for row in range(len(texts))])
    arrays |= {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return pa.RecordBatch.from_pydict(arrays)


def again(batch: pa.RecordBatch) -> pa.RecordBatch:
    """As it would come in, had it not been here."""
    return batch.drop_columns([column.name for column in PII])


def redacted(text: str, config: PiiConfig = DEFAULT, **columns: Any) -> str:
    known = {name: [value] for name, value in columns.items()}
    return str(pii_batch(batch_of(text, **known), config=config).column("text")[0])


def test_text_title_and_url_lose_what_is_personal() -> None:
    (row,) = pii_batch(
        batch_of(
            "Ask a.b@mill.org or +44 20 7946 0958.",
            title=["a.b@mill.org – profile"],
            url=["https://mill.org/p?user=a.b%40mill.org&page=2&x=%40home"],
            url_key=["https://mill.org/p?page=2&user=a.b%40mill.org&x=%40home"],
            language=["en"],
        ),
        config=DEFAULT,
    ).to_pylist()
    assert row["text"] == "Ask <EMAIL> or <PHONE>."
    assert row["title"] == "<EMAIL> – profile"
    assert row["url"] == "https://mill.org/p?user=<EMAIL>&page=2&x=%40home"
    assert row["url_key"] == "https://mill.org/p?page=2&user=<EMAIL>&x=%40home"
    assert (row["n_email"], row["n_phone"], row["n_pii"], row["n_person"]) == (1, 1, 2, None)
    assert row["pii_ratio"] == pytest.approx((12 + 16) / 37)
    assert row["drop_reason"] is None


def test_a_key_of_many_lines_leaves_as_many() -> None:
    text = f"before\n{PEM}\nafter"
    assert redacted(text, line_kinds="p" + "c" * 4 + "p") == "before\n<PRIVATE_KEY>\n\n\n\nafter"


def test_what_a_recipe_does_not_want_stays() -> None:
    text = "a.b@mill.org +44 20 7946 0958"
    only_mail = PiiConfig(types=("EMAIL",))  # type: ignore[arg-type]
    assert redacted(text, only_mail) == "<EMAIL> +44 20 7946 0958"
    measured = pii_batch(batch_of(text), config=PiiConfig(replacement="none")).to_pylist()[0]
    assert (measured["text"], measured["n_pii"]) == (text, 2)


def test_a_surrogate_belongs_to_one_page_and_to_nobody() -> None:
    text = "a.b@mill.org, c.d@mill.org, a.b@mill.org, 93.184.216.34, 4111111111111111"
    one, two = pii_batch(batch_of(text, text), config=SURROGATES).column("text").to_pylist()
    first, second, third, address, card = one.split(", ")
    assert first == third != second
    assert first.endswith("@example.com")
    assert address.startswith(("192.0.2.", "198.51.100.", "203.0.113."))
    assert card != "4111111111111111"
    assert not {first, second, address, card} & set(two.split(", "))


def test_a_value_has_the_same_surrogate_in_text_title_and_url() -> None:
    (row,) = pii_batch(
        batch_of(
            "Not c.d@mill.org, a.b@mill.org",
            title=["a.b@mill.org"],
            url=["https://mill.org/?u=a.b%40mill.org"],
        ),
        config=SURROGATES,
    ).to_pylist()
    surrogate = row["text"].rpartition(" ")[2]
    assert surrogate.endswith("@example.com")
    assert (row["title"], row["url"]) == (surrogate, f"https://mill.org/?u={surrogate}")


def test_a_page_with_too_much_is_dropped_without_it() -> None:
    listing = "\n".join(f"x{n}@mill.org" for n in range(10))
    page = pii_batch(batch_of(listing, listing + " word" * 500), config=DEFAULT).to_pylist()
    assert page[0]["drop_reason"] == "too_much_pii"
    assert page[0]["detail"].startswith("pii_ratio 0.9")
    assert page[0]["text"] == "\n".join(["<EMAIL>"] * 10)
    assert page[1]["drop_reason"] is None
    few = pii_batch(batch_of("x@mill.org"), config=DEFAULT).to_pylist()[0]
    assert (few["drop_reason"], few["pii_ratio"]) == (None, 1)


def test_a_page_of_nothing_but_numbers_is_not_looked_at() -> None:
    text = "1234567 a@b.de\n" * 26_000
    page, other = pii_batch(batch_of(text, "a@b.de"), config=DEFAULT).to_pylist()
    assert page["drop_reason"] == "too_many_numbers"
    assert page["detail"] == "over 50000 places to look for personal data at"
    assert page["text"] is None
    assert page["n_pii"] is None
    assert other["text"] == "<EMAIL>"


def test_what_is_in_place_of_one_find_says_nothing_of_the_next() -> None:
    rows = "\n".join(f"| SKU {48201932 + n * 7} | {n}.99 |" for n in range(40))
    text = f"Tel 212-555-0199\n{rows}\nthe <PASSPORT> tag 12345678"
    assert redacted(text, language="en") == text.replace("212-555-0199", "<PHONE>")


def test_what_a_replacement_brings_into_reach_goes_too() -> None:
    iban = "DE89 3704 0044 0532 0130 00"
    once = redacted(f"Tel. beside {iban} and {iban} is 030901820", language="de")
    assert once == "Tel. beside <IBAN> and <IBAN> is <PHONE>" == redacted(once, language="de")


def test_a_batch_may_be_empty() -> None:
    assert pii_batch(batch_of("a").slice(1), config=DEFAULT).num_rows == 0


def test_pages_without_text_or_columns_are_none_of_its_business() -> None:
    batch = batch_of(None, "").drop_columns(["title", "url", "host", "language", "line_kinds"])
    rows = pii_batch(batch, config=DEFAULT).to_pylist()
    assert [row["text"] for row in rows] == [None, ""]
    assert [row["n_pii"] for row in rows] == [0, 0]


@pytest.mark.parametrize("config", [DEFAULT, SURROGATES])
@given(text=st.one_of(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.text()))
def test_lines_stay_and_redaction_is_done_once(text: str, config: PiiConfig) -> None:
    once = pii_batch(batch_of(text, language=["en"]), config=config)
    assert once.column("text")[0].as_py().count("\n") == text.count("\n")
    twice = pii_batch(again(once), config=config)
    assert twice.column("text") == once.column("text")
