"""A crawl of billions of pages, computed from figures measured on small runs.

Each step grows along the line that was fitted to it (`benchmarks.scaling.fit`); a step that is new
is charged for each document that is kept. Reading pages and writing shards are modelled by what
they read. A vCPU is taken for as fast as the core that was measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from curation.driver import ROWS_PER_PARTITION
from curation.mixing.config import ShardsConfig
from curation.mixing.shards import _READERS, shards_per_task
from curation.storage import BLOCK_BYTES
from curation.tables import _BLOCK_BYTES

WARC_BYTES = 1_000_000_000  # a file of Common Crawl: about 90,000 of them, 33,000 pages each
GET_S = 0.03  # from S3, to the first byte, within a region
GET_USD, PUT_USD = 0.0004 / 1000, 0.005 / 1000  # S3 standard, us-east-1; HEAD is priced as GET
SHARD_BYTES = 4 * ShardsConfig().target_tokens  # as English text has them
_KEYS_READINGS = 7  # hosts and mix, twice each; dedup, three times
_RECEIPT_READINGS = 5  # the display, hosts, dedup, mix, and the end
MIX_REQUESTS = "GET: stretches of documents, by the mix"
_OF_ALL_PAGES = ("extract", "hosts", "dedup")  # they read what was rejected, too


@dataclass(frozen=True)
class Nodes:
    """The cluster: nodes such as m6i.8xlarge, each with a disk for what is shuffled and spilled."""

    number: int
    usd_per_hour: float
    vcpus: int = 32
    memory_gib: int = 128
    disk_gb: int = 200

    @property
    def cores(self) -> int:
        """Of all nodes."""
        return self.number * self.vcpus


@dataclass(frozen=True)
class Measured:
    """What was measured here: per step and document, and of a visit to a file of documents."""

    pages_per_cpu_s: float
    lines: Mapping[str, Mapping[str, float]]
    visit: Mapping[str, float]
    result_bytes: float
    driver_start_mb: float
    driver_file_mb: float

    @property
    def text_bytes(self) -> float:
        """Of a document."""
        return self.visit["text_bytes"] / self.visit["rows"]


@dataclass(frozen=True)
class Step:
    """A step over the whole crawl."""

    name: str
    tasks: int
    cpu_s: float
    longest_s: float
    shuffled_bytes: float

    def wall_s(self, nodes: Nodes) -> float:
        """Tasks are alike: all cores busy, and in the end one task more that was late."""
        rounds = self.tasks / nodes.cores
        return self.longest_s * (1 if rounds <= 1 else rounds + 1)


@dataclass(frozen=True)
class Crawl:
    """So many WARC files and pages, of which a share is kept."""

    files: int
    pages: float
    kept_share: float
    measured: Measured

    @property
    def kept(self) -> float:
        """Documents that go into shards."""
        return self.pages * self.kept_share

    @property
    def text_bytes(self) -> float:
        """Of all shards."""
        return self.kept * self.measured.text_bytes

    @cached_property
    def mix_tasks(self) -> int:
        """How many tasks write shards."""
        of_task = SHARD_BYTES * shards_per_task(SHARD_BYTES, self.files)
        return max(1, round(self.text_bytes / of_task))

    @property
    def row_groups_per_visit(self) -> float:
        """A stretch of one file, in whole row groups: it starts and ends anywhere in one."""
        rows = self.kept / self.files / self.mix_tasks
        return 1 + rows / (self.measured.visit["rows"] / self.measured.visit["row_groups"])

    @property
    def footer_bytes(self) -> float:
        """Of a file of documents."""
        return self.measured.visit["footer_bytes"] * self._files_as_measured

    @property
    def stretch_bytes(self) -> float:
        """Compressed."""
        group = self.measured.visit["data_bytes"] / self.measured.visit["row_groups"]
        return group * self.row_groups_per_visit

    @property
    def visits(self) -> int:
        """Each task of the mix opens each file of documents."""
        return self.mix_tasks * self.files

    @property
    def requests_per_visit(self) -> float:
        """The tail, the footer where it is longer than that, and the stretch in blocks."""
        return 2 + max(1, self.stretch_bytes / _BLOCK_BYTES)

    @property
    def visit_cpu_s(self) -> float:
        """Opening a file and reading a stretch."""
        opening = self.measured.visit["open_cpu_s"] * self._files_as_measured
        return opening + self.row_groups_per_visit * self.measured.visit["group_cpu_s"]

    @property
    def _files_as_measured(self) -> float:
        return self.kept / self.files / self.measured.visit["rows"]

    def steps(self) -> list[Step]:
        """In the order of the pipeline."""
        return [self._step(name, line) for name, line in self.measured.lines.items()]

    def _step(self, name: str, line: Mapping[str, float]) -> Step:
        if name == "extract":
            cpu_s = self.pages / self.measured.pages_per_cpu_s
            return Step(name, self.files, cpu_s, cpu_s / self.files, 0)
        rows = self.pages if name in _OF_ALL_PAGES else self.kept
        # A line through few and small runs may fall.
        cpu_s, shuffled = (max(0.0, line[key]) * rows for key in ("cpu_s", "shuffled_bytes"))
        if name != "mix":
            tasks = max(1, int(rows // ROWS_PER_PARTITION))
            return Step(name, tasks, cpu_s, cpu_s / tasks, shuffled)
        waiting_s = self.files * self.requests_per_visit * GET_S / _READERS
        cpu_s += self.visits * self.visit_cpu_s
        return Step(name, self.mix_tasks, cpu_s, cpu_s / self.mix_tasks + waiting_s, shuffled)

    def requests(self) -> Iterator[tuple[str, float, float]]:
        """What, how many, dollars."""
        blocks = self.files * WARC_BYTES / BLOCK_BYTES
        yield "GET: WARC files, in blocks", blocks, blocks * GET_USD
        heads = 3 * self.files
        yield "HEAD: is it there, is it changed, is it done", heads, heads * GET_USD
        puts = 4 * self.files + 2 * self.text_bytes / SHARD_BYTES
        yield "PUT: documents, rejects, keys, shards, receipts", puts, puts * PUT_USD
        narrow = (3 * _KEYS_READINGS + _RECEIPT_READINGS) * self.files
        yield "GET: keys and receipts", narrow, narrow * GET_USD
        stretches = self.visits * self.requests_per_visit
        yield MIX_REQUESTS, stretches, stretches * GET_USD
