"""What is found, and what is left alone: literal texts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.pii import PiiType, find
from curation.pii.find import settle
from curation.pii.kinds import Span

KEY = "MIIEowIBAAKCAQEAx7k3j2h4k5j6h7g8f9d0s1a2q3w4e5r6t7y8u9i0o1p2"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n{KEY}==\n-----END RSA PRIVATE KEY-----"
ONE_LINE = PEM.replace("\n", "\\n")
MRZ = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"


def found(text: str, **known: Any) -> list[tuple[str, str]]:
    return [(str(s.type), text[s.start : s.end]) for s in find(text, **known)]


@pytest.mark.parametrize(
    ("kind", "marked"),
    [
        ("EMAIL", "Write to ⟦john.smith+news@mail.example.co.uk⟧."),
        ("EMAIL", "お問い合わせは⟦info@mill.jp⟧まで"),
        ("EMAIL", "почта: ⟦иван@почта.рф⟧"),
        ("EMAIL", "mailto:⟦a@b.de⟧?subject=x"),
        ("EMAIL", "⟦name (at) mill [dot] org⟧"),
        ("IP_ADDRESS", "DNS ⟦8.8.8.8⟧"),
        ("IP_ADDRESS", "the host ⟦93.184.216.34⟧:8080 answers"),
        ("IP_ADDRESS", "http://⟦93.184.216.34⟧/a"),
        ("IP_ADDRESS", "see ⟦2001:4860:4860::8888⟧."),
        ("IP_ADDRESS", "[⟦2A00:1450:4001:082A:0000:0000:0000:200E⟧]:443"),
        ("CREDIT_CARD", "pays with ⟦4111 1111 1111 1111⟧ today"),
        ("CREDIT_CARD", "amex ⟦3782-822463-10005⟧"),
        ("IBAN", "IBAN ⟦DE89 3704 0044 0532 0130 00⟧."),
        ("IBAN", "konto=⟦GB82WEST12345698765432⟧"),
        ("US_SSN", "his SSN is ⟦219-09-9998⟧"),
        ("US_SSN", "SSN: ⟦219099998⟧"),
        ("NATIONAL_ID", "DNI ⟦12345678Z⟧"),
        ("NATIONAL_ID", "CPF: ⟦529.982.247-25⟧"),
        ("NATIONAL_ID", "身份证号码⟦11010519491231002X⟧"),
        ("NATIONAL_ID", "Henkilötunnus: ⟦131052-308T⟧"),
        ("NATIONAL_ID", "codice fiscale ⟦RSSMRA85T10A562S⟧"),
        ("NATIONAL_ID", "NI number ⟦AB 12 34 56 C⟧"),
        ("PASSPORT", "Passport No. ⟦C01X00T47⟧"),
        ("PASSPORT", f"read\n⟦{MRZ}⟧\nand"),
        ("CRYPTO_ADDRESS", "to ⟦1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2⟧ now"),
        ("CRYPTO_ADDRESS", "⟦bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq⟧"),
        ("CRYPTO_ADDRESS", "⟦0x742d35Cc6634C0532925a3b844Bc454e4438f44e⟧"),
        ("API_KEY", "key ⟦AKIAZ7QKXPLMNRTUVWYB⟧ here"),
        ("API_KEY", "t=⟦ghp_16C7e42F292c6912E7710c838347Ae178B4a⟧"),
        ("API_KEY", "⟦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⟧"),
        ("API_KEY", '"secret": "⟦9fK2mQ7xT4vB8nR1cZ6w⟧"'),
        ("API_KEY", "postgres://⟦joe:hunter42⟧@db.mill.org/x"),
        ("PRIVATE_KEY", f"key:\n⟦{PEM}⟧\nend"),
        ("PRIVATE_KEY", f"key: ⟦{ONE_LINE}⟧ end"),
        ("IP_ADDRESS", "2023-01-05 12:30:00 ⟦13.107.42.14⟧ GET"),
        ("IBAN", "IBAN:⟦DE89370400440532013000⟧BIC:COBADEFF"),
        ("EMAIL", "Email:⟦a.b@mill.org⟧Web: mill.org"),
        ("US_SSN", "SSN: ⟦457-55-5462⟧DOB: 1/2/1970"),
        ("API_KEY", "password: ⟦Tr0ub4dor⟧"),
        ("PHONE", "IL 62704 ⟦217-555-0133⟧"),
        ("PHONE", "<b>⟦212-555-0199⟧</b>"),
        ("PHONE", "call ⟦+44 20 7946 0958⟧ now"),
        ("PHONE", "de:Tel. ⟦(030) 901820⟧"),
        ("PHONE", "ring ⟦202-555-0123 ext. 12⟧"),
        ("PHONE", "ja:電話：⟦０３－１２３４－５６７８⟧"),
        ("PHONE", "ar:هاتف: ⟦٠٢٢٧٣٦٢٢٢٢⟧"),
    ],
)
def test_each_kind_is_found_as_it_is_written(kind: str, marked: str) -> None:
    language, colon, rest = marked.partition(":")
    language, marked = (language, rest) if colon and len(language) == 2 else ("en", marked)
    value = marked[marked.index("⟦") + 1 : marked.index("⟧")]
    assert found(marked.replace("⟦", "").replace("⟧", ""), language=language) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4 and Chrome/91.0.4472.124 and pkg-2.10.3.1-1",
        "9.2.1.1. Key-based login to the server at your address",
        "127.0.0.1, 10.1.2.3, 192.0.2.7, 198.51.100.9, 224.0.0.1, ::1, fe80::1, 2001:db8::1",
        "std::cout << a::b; time 12:34:56; MAC 00:1A:2B:3C:4D:5E",
        "ISBN 978-3-16-148410-0, ISBN 0-306-40615-2, doi 10.1000/182",
        "on 2024-03-05 12:33:11, in 1990-1999, at 20240305123311, 1709641991, 1709641991123",
        "d41d8cd98f00b204e9800998ecf8427e da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "550e8400-e29b-41d4-a716-446655440000",
        "4111 1111 1111 1112, DE89 3704 0044 0532 0130 01, 000-12-3456, 666-12-3456",
        "prices 1 234 567 and 1,234,567.89, pi 3.14159265358979, 100000-200000",
        "git clone git@github.com:mill/wheel.git; user@localhost; @media print; icon@2x.png",
        "Boston, MA 02110-1301 USA",
        "21493760*q^2 + 864299970*q^3 + 20245856256*q^4 + 4930901820",
        "Art. 030 123456, ISBN 0201 123456, lots 01 12 23 34 45, a CPU of 10 000 000 transistors",
        "ring_buffer = 1048576; the ring nebula is 2283000000 km away, text: 1234567 words",
        "api_key = 'YOUR_API_KEY_HERE_PLEASE', AKIAIOSFODNN7EXAMPLE, token: xxxxxxxxxxxxxxxxxxxx",
        "starts with -----BEGIN RSA PRIVATE KEY----- and then base64",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert found(text, language="en") == []


def test_numbers_one_after_another_are_each_found() -> None:
    for between in (" ", " / ", "/", " - ", ", ", "\n"):
        text = f"212-555-0199{between}212-555-0198"
        numbers = [("PHONE", "212-555-0199"), ("PHONE", "212-555-0198")]
        assert found(text, language="en") == numbers, between
    addresses = ["13.107.42.14", "13.107.42.15", "13.107.42.16"]
    assert found(" ".join(addresses)) == [("IP_ADDRESS", address) for address in addresses]


def test_numbers_that_count_up_are_no_telephone() -> None:
    assert found("tirage 01 12 23 34 45 du", language="fr") == []
    assert found("tirage 04 91 13 89 00 du", language="fr") == [("PHONE", "04 91 13 89 00")]


def test_a_line_of_fillers_needs_names_or_check_digits() -> None:
    _, line = MRZ.split("\n")
    assert found(line) == [("PASSPORT", line)]
    assert found(line.replace("C36", "C37")) == []


def test_examples_stay_in_code_and_go_in_prose() -> None:
    text = "mail user@example.com\nsend('user@example.com', '93.184.216.34')"
    assert found(text, line_kinds="pc") == [
        ("EMAIL", "user@example.com"),
        ("IP_ADDRESS", "93.184.216.34"),
    ]


def test_a_national_number_is_one_where_its_region_is_at_hand() -> None:
    number = "04 91 13 89 00"
    assert found(f"au {number} demain", language="fr") == [("PHONE", number)]
    assert found(f"at {number} here", language="en") == []
    assert found(f"at {number} here", language="en", host="mill.fr") == [("PHONE", number)]


def test_the_score_decides_what_counts() -> None:
    text = "pays 219-09-9999"
    assert [span.type for span in find(text)] == [PiiType.US_SSN]
    assert find(text, min_score=0.8) == []


def test_overlaps_go_to_the_best_score_then_the_longest() -> None:
    spans = [
        Span(0, 5, PiiType.PHONE, 0.6),
        Span(3, 9, PiiType.EMAIL, 0.9),
        Span(9, 12, PiiType.PHONE, 0.6),
        Span(3, 8, PiiType.IBAN, 0.9),
    ]
    assert settle(spans) == [spans[1], spans[2]]


PIECES = (
    *("a", "Z", "7", "12", "555", "0", " ", "-", ".", "/", "(", ")", "@", "+", ":", "::", "\n"),
    *("tel ", "é", "中", "ー", "٣", "０", "\u00a0", "//", "_", "=", "<", "hf_", "AKIA", "de"),
    *("-----BEGIN RSA PRIVATE KEY-----", "2001:db8", "4111 1111 1111 1111", "a@b.de", ".org"),
    *("\0", "\u202e", "DNS ", "SSN ", "id ", "IBAN ", "219-09-9998"),
)


@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.text()))
def test_spans_are_in_order_and_apart_and_within_the_text(text: str) -> None:
    spans = find(text, language="en")
    bounds = [at for span in spans for at in (span.start, span.end)]
    assert bounds == sorted(bounds)
    assert all(span.start < span.end <= len(text) and 0 < span.score <= 1 for span in spans)
