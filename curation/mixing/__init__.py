"""Mix: which documents are drawn, in which order, into which shard; and the shards themselves."""

from __future__ import annotations
