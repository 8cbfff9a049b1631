"""What a candidate could be: bits, for one place may be several things."""

from __future__ import annotations

from enum import IntFlag


class Group(IntFlag):
    """Each has its checks."""

    NUMBER = 1  # digits with what separates them: telephones, cards, identity numbers
    IDENTIFIER = 2  # a word of letters and digits: identity numbers, passports
    IBAN = 4
    TOKEN = 8  # a long word of mixed classes: keys, crypto addresses
    AT = 16  # @ within a word: e-mail addresses, credentials in URLs
    AT_WORD = 32  # (at) or [at]
    IPV4 = 64
    IPV6 = 128
    PRIVATE_KEY = 256
    MACHINE_READABLE = 512  # a line of capitals and `<`, as passports have


NOTHING = 0
