"""Whether the packages are there that an encoder needs, which a run without one goes without."""

from __future__ import annotations

from importlib.util import find_spec

from curation.errors import UserError

_NEEDED = ("torch", "transformers", "tokenizers", "safetensors", "ray")


def require_packages(
    what: str = "the recipe's encoder", *, or_else: str = ", or go without: --set encoder=null"
) -> None:
    """Raises `UserError` where what an encoder needs is not installed."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise UserError(
            f"{what} needs {', '.join(missing)}: install it with"
            f" \"pip install 'winnow-curation[ml,ray]'\"{or_else}"
        )
