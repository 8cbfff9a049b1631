"""How the bundled models are made: packages of registries in, models with their cards out."""

from __future__ import annotations
