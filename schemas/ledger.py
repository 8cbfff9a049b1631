"""`ledger/`: how many pages entered each stage, stayed, and went, and the damage in input files.

The unit is the page: one WARC `response` record, one WET `conversion` record or one input row.
For each stage and input: in = kept + the sum over reasons, which are the first rules that failed.
Beside that sum stand outcomes with a colon: `skipped:TYPE` counts WARC records that are no pages
(requests, metadata, revisits) and pages that a sample left out, `failed:RULE` every page that fails
a rule, first or not, `cut:RULE` lines that a rule cut from pages that stay, and `shortened:RULE`
pages that stay and have a row in `verdicts/`, for they lose such lines, and `domain:NAME` pages
that `quality`, or `encoder`, kept, by domain. Of an encoder, `read:pages` and `read:tokens` are
what it read, for take-downs too, and `scored:pages` those among the pages it judged that it had
read. Of the mix, `rows:repeats` are rows of shards whose page is there in an earlier epoch too. Of
take-downs, `shards:before` are pages that were in shards before the newest one, and
`shards:taken_down` those of them that it took out.

Of all inputs together (input '') are counts of what compares pages. Of semantic deduplication: the
pages whose vectors were `vectors:compared`, those of them whose vector is equal to another's
(`vectors:equal`), the `clusters:found`, and of these the `clusters:cut`, which were too large. Of
deduplication: the `rounds:`, `pairs:` and `buckets:`, and its certificate: of the near-duplicates
that were `planted:SIMILARITY` how many `met:SIMILARITY` their original and were
`found:SIMILARITY`, and how many pages were `too_short:SIMILARITY` to be planted; of the pages that
went and were `checked:removals`, those that are `false:removals` (under the threshold) and
`far:removals` (by more than .05); of those that stay and were `checked:kept`, the `missed:kept`.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

LEDGER = Table(
    "ledger",
    (
        Column("stage", pa.string(), "ingest, extract, ..., mix", False),
        Column("input", pa.string(), "name of the recipe's input; '' for all", False),
        Column("outcome", pa.string(), "'in', 'kept', a drop reason, or one with a colon", False),
        Column("pages", pa.int64(), "how many: pages, or records or lines as above", False),
        Column("cpu_s", pa.float64(), "of 'in': CPU seconds of the stage in the split pass"),
    ),
)

FAULT = Table(
    "faults",
    (
        Column("file", pa.string(), "URI of the input file", False),
        Column("offset", pa.int64(), "byte at which the damaged piece starts", False),
        Column("fault", pa.string(), "clipped, corrupt, empty, quarantined", False),
        Column("detail", pa.string(), "what was wrong", False),
    ),
)
