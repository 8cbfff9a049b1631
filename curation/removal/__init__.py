"""Take-down: pages that leave a finished run, as though it had never seen them."""

from __future__ import annotations
