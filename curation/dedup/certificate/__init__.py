"""The certificate: each run measures its own search for near-duplicates, on its own pages.

Near-duplicates of known similarity are planted into the search (`planted.py`), and what it decided
is looked at again, exactly (`checks.py`): pages that went, and pages that stay. What comes out are
counts for the ledger, and rates with confidence intervals made of these (`rates.py`).
"""

from __future__ import annotations
