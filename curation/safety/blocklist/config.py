"""What a recipe says of block lists.

blocklist:
  categories: [gambling, malware]        # of the bundled lists; null: all of them
  lists:
    - {path: adult.arrow}                # what `curate lists update` made: all its categories
    - {path: work.arrow, categories: [games]}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources

from curation.artefact import Artefact

ALLOW = "allow"
"""The category whose entries win over those of all others; never a reason."""

# What RefinedWeb (Penedo et al. 2023, appendix G.1) takes of UT1's, as FineWeb does; then what is
# dangerous to open.
_DEFAULT = (
    *("adult", "agressif", "arjel", "chat", "dating", "ddos", "filehosting", "gambling"),
    *("mixed_adult", "phishing", "cryptojacking", "dangerous_material", "malware"),
)


@dataclass(frozen=True, kw_only=True)
class ListFile(Artefact):
    """A list of one's own; null: each of its categories makes a reject."""

    categories: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class BlocklistConfig:
    """The bundled lists, with those of their `categories` that make a reject, and one's own."""

    bundled: bool = True
    categories: tuple[str, ...] | None = _DEFAULT
    lists: tuple[ListFile, ...] = ()


@cache
def bundled_categories() -> tuple[str, ...]:
    """The names of the categories that are bundled."""
    files = resources.files("curation.safety.blocklist").joinpath("ut1").iterdir()
    return tuple(sorted({f.name.split(".")[0] for f in files if f.name.endswith(".txt.gz")}))


def category_mistake_in(config: BlocklistConfig) -> str | None:
    """A category that no bundled list has; None where nothing is wrong."""
    if wrong := unknown(config.categories or (), bundled_categories()):
        return (
            f"'blocklist.categories': {wrong} (lists of your own have 'categories' beside 'path')"
        )
    return None


def unknown(categories: Iterable[str], known: Iterable[str]) -> str | None:
    """What to say of the first that is not known; None where all are."""
    known = sorted(known)
    for name in categories:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
            return f"no category '{name}': {hint}"
    return None
