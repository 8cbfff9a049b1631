"""Pages with personal data and secrets that nobody has: `PLANTED` in, records out.

Every value is invented, and has the form and the check digits of a real one. A run must leave none
of them in any table but as a placeholder; a page that is a directory goes as a whole.
"""

from __future__ import annotations

from html import escape

from curation.sample.prose import page, paragraphs, texts_in
from curation.sample.records import capture_time, http_response, response

_HOST = "https://planted.example"
_BODY = "MIIEowIBAAKCAQEAx7k3j2h4k5j6h7g8f9d0s1a2q3w4e5r6t7y8u9i0o1p2z3Qx"
_PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{_BODY}\n{_BODY}==\n-----END RSA PRIVATE KEY-----"
_MRZ = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"

PLANTED = {
    "EMAIL": (
        "The miller reads letters to ⟦hanna.mueller@wassermuehle-nord.de⟧ in the evening.",
        "Spam aside, ⟦j.okafor [at] millwheel [dot] org⟧ reaches the keeper of the sluice.",
    ),
    "PHONE": (
        "Visitors ring ⟦+49 30 901820⟧ a day ahead.",
        "In the season the office answers at (tel.) ⟦(415) 555-2671⟧ too.",
    ),
    "IP_ADDRESS": (
        "The gauge at the weir reports from host ⟦93.184.216.34⟧ every hour.",
        "Its neighbour has the address ⟦2a00:1450:4001:82a::200e⟧ and reports daily.",
    ),
    "CREDIT_CARD": ("The deposit went from card ⟦4539 5787 6362 1486⟧ to the mill's account.",),
    "IBAN": ("Donations for the new wheel go to ⟦DE89 3704 0044 0532 0130 00⟧.",),
    "US_SSN": ("In the ledger of 1951 stands his SSN, ⟦219-09-9998⟧, in pencil.",),
    "NATIONAL_ID": (
        "The heir signed with DNI ⟦12345678Z⟧ and a thumb.",
        "The partner wrote CPF ⟦529.982.247-25⟧ beside it.",
    ),
    "PASSPORT": (
        "The carter showed passport ⟦C01X00T47⟧ at the bridge.",
        f"A photograph shows its last lines:\n⟦{_MRZ}⟧",
    ),
    "CRYPTO_ADDRESS": (
        "A stranger asked for coins at ⟦1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2⟧.",
        "Another wanted them at ⟦0x742d35Cc6634C0532925a3b844Bc454e4438f44e⟧ instead.",
    ),
    "API_KEY": (
        "GAUGE_TOKEN = '⟦ghp_16C7e42F292c6912E7710c838347Ae178B4a⟧'",
        "aws_access_key_id = ⟦AKIAZ7QKXPLMNRTUVWYB⟧",
        "url = 'postgres://⟦gauge:wier7sluice⟧@db.millwheel.org/levels'",
    ),
    "PRIVATE_KEY": (f"cat gauge.pem\n⟦{_PEM}⟧",),
}
"""Sentences by kind; what stands between ⟦ and ⟧ must go."""
_AS_CODE = ("API_KEY", "PRIVATE_KEY", "PASSPORT")
_ENTRIES = 24


def planted_values() -> list[str]:
    """Everything that must not be found again, each line of what has several."""
    values = [
        sentence[sentence.index("⟦") + 1 : sentence.index("⟧")]
        for sentences in PLANTED.values()
        for sentence in sentences
    ]
    lines = [line for value in values for line in value.splitlines()]
    return [line for line in lines if not line.startswith("-----")]


def planted_records() -> list[bytes]:
    """A page for each kind, one with an address in title and URL, and a directory."""
    pages = [
        _record(f"{_HOST}/{kind.lower().replace('_', '-')}.html", _page(number, kind))
        for number, kind in enumerate(PLANTED)
    ]
    address = "hanna.mueller@wassermuehle-nord.de"
    profile = page(f"Letters to {address}", texts_in("de"), lang="de")
    pages.append(_record(f"{_HOST}/profile?user={address.replace('@', '%40')}", profile))
    entries = tuple(
        f"Miller {n}: miller{n}@wassermuehle-nord.de, +49 30 90{1800 + n}" for n in range(_ENTRIES)
    )
    pages.append(_record(f"{_HOST}/directory.html", page("All millers", entries)))
    return pages


def _page(number: int, kind: str) -> str:
    first, *others = paragraphs(number)
    sentences = [sentence.replace("⟦", "").replace("⟧", "") for sentence in PLANTED[kind]]
    if kind not in _AS_CODE:
        return page(f"From the mill, {number}", (first, " ".join(sentences), *others))
    listing = "\n".join(f"<pre>{escape(sentence)}</pre>" for sentence in sentences)
    whole = page(f"From the mill, {number}", (first, *others))
    return whole.replace("</h1>\n", f"</h1>\n{listing}\n", 1)


def _record(url: str, text: str) -> bytes:
    return response(url, http_response(text.encode()), at=capture_time(url))
