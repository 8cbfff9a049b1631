"""E-mail addresses, IP addresses and telephone numbers, all invented.

In: a source of random parts and a language. Out: the value as it stands in a text; for IP addresses
also what stands around them.
"""

from __future__ import annotations

import ipaddress
from functools import cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from benchmarks.pii.draw import HEX, Draw

_LOCAL = (
    "anna jan marta luis peter yuki wei ines omar lena paul sofia ivan noor elif minji raj karin"
    " info contact vertrieb support office sales redaktion presse buchhaltung o.brien"
)
_FAMILY = (
    "weber kowalski garcia rossi silva devries ivanov yilmaz tanaka zhang kim haddad sharma berg"
    " dubois moreau lindqvist novak popescu okafor"
)
_HOSTS = (
    "gmail hotmail outlook yahoo gmx web posteo proton wanadoo libero naver"
    " nordlicht-werft kanzlei-brandt altair-labs quercus blauwasser studio-kobalt tramontana"
    " hikari-denki rybakov meteora7 4grids"
)
_TLDS = (
    "com org net de fr es it nl pl ru com.br co.uk co.jp com.tr se at ch be pt gr cz io dev app"
    " museum photography info in.th edu ac.uk kr com.cn in ae ro hu fi"
)
_IDN = (
    "bücher-krüger.de",
    "señal.es",
    "почта.рф",
    "例え.jp",
    "xn--bcher-kva.ch",
    "café-lumière.fr",
)
_REGIONS = {
    "en": ("US", "GB", "CA", "AU", "IE", "NZ", "ZA", "IN", "SG", "NG"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE", "CH", "CA", "SN", "MA"),
    "es": ("ES", "MX", "AR", "CL", "CO", "PE"),
    "it": ("IT", "CH"),
    "pt": ("PT", "BR"),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "ru": ("RU", "KZ", "BY"),
    "tr": ("TR",),
    "ja": ("JP",),
    "zh": ("CN", "TW", "HK"),
    "ko": ("KR",),
    "ar": ("EG", "SA", "AE"),
    "hi": ("IN",),
    "sv": ("SE", "FI"),
}
_KINDS = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
_CONTINENTAL_ZERO = ("DE", "AT", "CH", "GB", "NL")


def email(draw: Draw, language: str | None = None) -> str:  # noqa: ARG001
    """An address, mostly plain; some with tags, subdomains, many parts or an IDN domain."""
    local = draw.choice(_LOCAL.split())
    if draw.random() < 0.7:
        local += draw.choice((".", "_", "-", "")) + draw.choice(_FAMILY.split())
    if draw.random() < 0.25:
        local += str(draw.randrange(1, 2000))
    if draw.random() < 0.12:
        local += "+" + draw.choice(("news", "shop", "2024", "spam.me", "list"))
    if draw.random() < 0.15:
        local = draw.choice((local.upper(), local.title()))
    if draw.random() < 0.07:
        return f"{local}@{draw.choice(_IDN)}"
    domain = f"{draw.choice(_HOSTS.split())}.{draw.choice(_TLDS.split())}"
    if draw.random() < 0.15:
        domain = f"{draw.choice(('mail', 'cs', 'dept-3', 'eu.mx'))}.{domain}"
    return f"{local}@{domain}"


def ip_address(draw: Draw, language: str | None = None) -> str:  # noqa: ARG001
    """A public address, three of five IPv4; IPv6 compressed, full or upper-case."""
    if draw.random() < 0.6:
        return draw.until(_ipv4, _is_public)
    address = ipaddress.IPv6Address(draw.until(_ipv6, _is_public))
    text = address.exploded if draw.random() < 0.25 else address.compressed
    return text.upper() if draw.random() < 0.2 else text


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address)
    return found.is_global and not found.is_multicast and not found.is_reserved


def _ipv4(draw: Draw) -> str:
    return ".".join(str(draw.randrange(1, 255)) for _ in range(4))


def _ipv6(draw: Draw) -> str:
    start = draw.choice(("2a01", "2a02", "2a00", "2001", "2600", "2604", "2400", "2803", "2c0f"))
    middle = draw.of(HEX, 4), draw.of(HEX, draw.randrange(1, 5))
    if draw.random() < 0.6:
        return ":".join((start, *middle)) + "::" + draw.of(HEX, draw.randrange(1, 5))
    return ":".join((start, *middle, *(draw.of(HEX, 4) for _ in range(5))))


def phone(draw: Draw, language: str | None = None) -> str:
    """A number of a region of the language, as people there and abroad write it."""
    regions = _REGIONS.get(language or "", _REGIONS["en"])
    region = draw.choice(regions)
    return _write(draw, region, _number(draw, region), is_local=language is not None)


def international_phone(draw: Draw) -> str:
    """A number of any region with its country code."""
    region = draw.choice(_all_regions())
    form = draw.choice((PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164))
    return phonenumbers.format_number(_number(draw, region), form)


@cache
def _all_regions() -> tuple[str, ...]:
    return tuple(sorted(phonenumbers.SUPPORTED_REGIONS))


def _number(draw: Draw, region: str) -> PhoneNumber:
    kind = draw.choice(_KINDS)
    of_kind = phonenumbers.example_number_for_type(region, kind)
    example = of_kind or phonenumbers.example_number(region)
    if example is None:
        raise ValueError(f"no example number of {region}")
    start = phonenumbers.national_significant_number(example)
    zero = "0" * (example.number_of_leading_zeros or 1) if example.italian_leading_zero else ""
    kept = max(1, len(start) - 6)

    def make(draw: Draw) -> str:
        return start[:kept] + draw.digits(len(start) - kept)

    def parse(national: str) -> PhoneNumber:
        return PhoneNumber(
            country_code=example.country_code,
            national_number=int(national),
            italian_leading_zero=example.italian_leading_zero,
            number_of_leading_zeros=len(zero) if len(zero) > 1 else None,
        )

    return parse(draw.until(make, lambda n: phonenumbers.is_valid_number(parse(n))))


def _write(draw: Draw, region: str, number: PhoneNumber, *, is_local: bool) -> str:
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    abroad = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    style = draw.random()
    if not is_local or style < 0.3:
        text = abroad
    elif style < 0.42:
        text = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    elif style < 0.5:
        text = "00" + abroad[1:] if region not in {"US", "CA"} else national.replace(" ", "")
    elif style < 0.58 and region in _CONTINENTAL_ZERO:
        code, rest = abroad.split(" ", 1)
        text = f"{code} (0){rest}"
    elif style < 0.66:
        text = national.replace("(", "").replace(")", "").replace(" ", draw.choice(".-/"), 1)
    else:
        text = national
    if draw.random() < 0.06:
        text += draw.choice((" ext. ", " x", " ext ")) + draw.digits(3)
    return text
