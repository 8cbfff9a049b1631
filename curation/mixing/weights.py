"""The mix as a small exact problem: shares and what there is in, tokens to draw of each part out.

A mix has parts (domains, or inputs with a share of their own). Of part d with the share s_d there
are C_d tokens, repeats counted; B tokens are wanted, T_d = s_d B of each. The shares can be met if
T_d <= C_d for all d. Where they cannot, two mixes are the nearest that can:

- the same shares and fewer tokens: the most is min C_d / s_d;
- as many tokens in other shares: x_d = min(C_d, v s_d), with v such that they add up to B. Of all
  x with 0 <= x_d <= C_d and the sum B it has the least relative entropy sum x_d log(x_d / T_d), so
  parts that are not short keep their ratios, and a part without a share gets nothing.

All is done in whole tokens and exact fractions: there is nothing to converge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from curation.errors import UserError
from curation.mixing.config import DOMAINS, MixConfig

Tokens = Mapping[str, int]
"""By part of the mix."""


@dataclass(frozen=True)
class Solution:
    """What to draw.

    `wanted` are the shares of `budget`, `available` what there is of each part, `drawn` what is
    drawn: as much as wanted, unless parts are `short`. Then `same_shares` says how many tokens
    there can be with these shares, and `same_tokens` is the mix nearest to them with as many tokens
    as wanted, or as there are.
    """

    budget: int
    shares: Mapping[str, Fraction]
    wanted: Tokens
    available: Tokens
    drawn: Tokens
    same_shares: int
    same_tokens: Tokens

    @property
    def short(self) -> Tokens:
        """How many tokens are missing, of each part that has fewer than wanted."""
        missing = {name: self.wanted[name] - self.available[name] for name in self.wanted}
        return {name: tokens for name, tokens in missing.items() if tokens > 0}


def shares_of(config: MixConfig) -> dict[str, Fraction]:
    """The share of each part; they add up to 1. Their order is not that of the recipe."""
    inputs = {name: _exact(share) for name, share in sorted(config.inputs.items())}
    taken = sum(inputs.values(), Fraction(0))
    if taken > 1:  # in the last digits
        inputs = {name: share / taken for name, share in inputs.items()}
    left = max(Fraction(0), 1 - taken)
    domains = {name: _exact(config.shares.get(name, 0.0)) for name in DOMAINS}
    whole = sum(domains.values(), Fraction(0))  # not 1 to the last digit, as 0.1 + 0.2 + 0.7
    return inputs | {name: share / whole * left for name, share in domains.items()}


def _exact(share: float) -> Fraction:
    return Fraction(repr(share))  # as it was written: 0.1 is a tenth


def solve(config: MixConfig, available: Tokens) -> Solution:
    """The tokens to draw of each part, of which there are so many `available`.

    Raises `UserError` where the shares cannot be met and the recipe says `stop`.
    """
    shares = shares_of(config)
    there = {name: available.get(name, 0) for name in shares}
    budget = config.tokens or _most({n: s for n, s in shares.items() if there[n]}, there)
    wanted = _whole({name: share * budget for name, share in shares.items()}, budget)
    most, nearest = nearest_mixes(config, available, budget)
    solution = Solution(budget, shares, wanted, there, wanted, most, nearest)
    if not solution.short:
        return solution
    if config.if_short == "stop":
        raise UserError(f"the mix cannot be had: {describe_short(solution)}")
    drawn = {
        "take_less": {name: min(wanted[name], there[name]) for name in shares},
        "keep_shares": _whole({name: share * most for name, share in shares.items()}, most),
        "keep_tokens": nearest,
    }[config.if_short]
    return Solution(budget, shares, wanted, there, drawn, most, nearest)


def nearest_mixes(config: MixConfig, available: Tokens, budget: int) -> tuple[int, dict[str, int]]:
    """How many tokens there can be with the shares; and the nearest mix of `budget` tokens.

    Where there are not so many `available`, the second has all that there are.
    """
    shares = shares_of(config)
    there = {name: available.get(name, 0) for name in shares}
    return _most(shares, there), _nearest(shares, there, min(budget, _in_all(shares, there)))


def _most(shares: Mapping[str, Fraction], there: Tokens) -> int:
    """How many tokens there can be with these shares."""
    return min((int(there[name] / share) for name, share in shares.items() if share), default=0)


def _in_all(shares: Mapping[str, Fraction], there: Tokens) -> int:
    return sum(there[name] for name, share in shares.items() if share)


def _nearest(shares: Mapping[str, Fraction], there: Tokens, budget: int) -> dict[str, int]:
    """min(C_d, v s_d) with the sum `budget`: parts are full in the order of C_d / s_d."""
    scarce = sorted((name for name in shares if shares[name]), key=lambda n: there[n] / shares[n])
    found = dict.fromkeys(shares, Fraction(0))
    left, of_left = Fraction(budget), sum(shares.values(), Fraction(0))
    for name in scarce:
        found[name] = min(Fraction(there[name]), left * shares[name] / of_left)
        left, of_left = left - found[name], of_left - shares[name]
    return _whole(found, budget)


def _whole(tokens: Mapping[str, Fraction], total: int) -> dict[str, int]:
    """Rounded so that the sum stays `total`: up where most would be lost, ties by order."""
    whole = {name: int(exact) for name, exact in tokens.items()}
    lost = sorted(tokens, key=lambda name: whole[name] - tokens[name])
    for name in lost[: total - sum(whole.values())]:
        whole[name] += 1
    return whole


def describe_short(solution: Solution) -> str:
    """Which parts are short, by how much, and the two nearest mixes, in a line."""
    parts = "; ".join(
        f"{name} has {solution.available[name]:,} of {solution.wanted[name]:,} tokens,"
        f" {missing:,} are missing"
        for name, missing in solution.short.items()
    )
    total = sum(solution.same_tokens.values())
    shares = ", ".join(
        f"{name} {tokens / total:.1%}" for name, tokens in solution.same_tokens.items() if total
    )
    nearest = f"{solution.same_shares:,} tokens in these shares"
    return f"{parts}. Nearest: {nearest}; or {total:,} as {shares}" if total else parts
