from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import types
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest
from pydantic import TypeAdapter, ValidationError

from curation.extract.sandbox import (
    Failure,
    Sandbox,
    SandboxConfig,
    SandboxError,
    sandbox,
    take_cpu_s,
)
from curation.extract.sandbox import process as sandbox_process
from tests.archive import zip_packages
from tests.extract import sandboxed
from tests.runs import wait_until

QUICK = SandboxConfig(cpu_s=0.3)
SMALL = SandboxConfig(cpu_s=30, rss_bytes=300_000_000)
Box = Sandbox[..., Any]


@contextmanager
def opened(config: SandboxConfig = SMALL) -> Iterator[Box]:
    box: Box = Sandbox(sandboxed.call, raises=sandboxed.BadPageError, config=config)
    try:
        yield box
    finally:
        box.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Box]:
    with opened() as running:
        yield running


@pytest.fixture(scope="module")
def quick() -> Iterator[Box]:
    with opened(QUICK) as running:
        yield running


def child(box: Box) -> psutil.Process:
    return psutil.Process(box.run(b"", sandboxed.own_pid))


def failure(box: Box, *arguments: Any, page: bytes = b"page") -> tuple[Failure, str]:
    with pytest.raises(SandboxError) as caught:
        box.run(page, *arguments)
    return caught.value.failure, str(caught.value)


def in_a_moment(act: Callable[[], None], wall_s: float = 0.3) -> None:
    timer = threading.Timer(wall_s, act)
    timer.daemon = True
    timer.start()


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_what_the_function_returns_comes_back(shared: Box) -> None:
    assert shared.run(b"<p>", sandboxed.echo, 1, url=None) == (b"<p>", (1,), {"url": None})
    assert shared.run(b"", sandboxed.echo) == (b"", (), {})


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, pa.py_buffer])
def test_the_function_gets_bytes_from_whatever_holds_them(
    shared: Box, kind: Callable[[bytes], Any]
) -> None:
    assert shared.run(kind(b"page"), sandboxed.echo) == (b"page", (), {})
    assert shared.run(kind(b"page"), sandboxed.own_type) == "bytes"


def test_the_error_that_the_function_may_raise_is_raised_here(shared: Box) -> None:
    before = child(shared)
    with pytest.raises(sandboxed.BadPageError, match=r"^no page$"):
        shared.run(b"", sandboxed.refuse, "no page")
    assert child(shared) == before


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (sandboxed.have_a_fault, "in have_a_fault\n.*\n.*\nTypeError: unsupported operand"),
        (sandboxed.return_what_cannot_be_sent, "Can't pickle local object|Can't get local object"),
    ],
)
def test_any_other_error_is_ours_and_comes_with_its_traceback(
    shared: Box, function: Callable[[bytes], Any], told: str
) -> None:
    with pytest.raises(RuntimeError, match=told):
        shared.run(b"", function)
    assert shared.run(b"a", sandboxed.echo)[0] == b"a"


def test_a_function_that_cannot_be_imported_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("only_here")
    exec("def function(page): return page", vars(module))
    monkeypatch.setitem(sys.modules, "only_here", module)
    box: Box = Sandbox(module.function, raises=ValueError, config=SMALL)
    before = psutil.Process().children()
    with pytest.raises(RuntimeError) as caught:
        box.run(b"")
    assert psutil.Process().children() == before
    assert "No module named 'only_here'" in str(caught.value)


BREAKERS: dict[str, tuple[Callable[..., Any], Failure, str]] = {
    "burn": (sandboxed.burn, Failure.TIMEOUT, "over 0.3 s of CPU time"),
    "burn in C": (sandboxed.burn_in_c, Failure.TIMEOUT, "over 0.3 s of CPU time"),
    "grow": (sandboxed.allocate_bit_by_bit, Failure.MEMORY, "over 300000000 bytes of memory"),
    "grow in C": (sandboxed.allocate_in_c, Failure.MEMORY, "over 300000000 bytes of memory"),
    "MemoryError": (sandboxed.ask_for_too_much, Failure.MEMORY, "over 300000000 bytes of memory"),
    "abort": (sandboxed.abort, Failure.CRASHED, "killed by signal 6"),
    "segmentation fault": (sandboxed.touch_null, Failure.CRASHED, "killed by signal 11"),
    "kill": (sandboxed.be_killed, Failure.CRASHED, "killed by signal 9"),
    "exit": (sandboxed.leave, Failure.CRASHED, "ended with status 1"),
    "_exit": (sandboxed.leave_at_once, Failure.CRASHED, "ended with status 0"),
    "recursion": (sandboxed.recurse, Failure.CRASHED, "RecursionError in recurse"),
    "close": (sandboxed.close_everything, Failure.CRASHED, ""),
    "a thread": (sandboxed.leave_a_thread, Failure.CRASHED, "ended with status 1"),
}


@pytest.mark.parametrize("breaker", BREAKERS)
def test_a_page_that_breaks_the_child_is_known_and_its_neighbours_are_computed_once(
    shared: Box, quick: Box, breaker: str, tmp_path: Path
) -> None:
    function, kind, why = BREAKERS[breaker]
    box = quick if kind is Failure.TIMEOUT else shared
    notes = tmp_path / "notes"
    assert box.run(b"before", sandboxed.note, notes) == 6
    found, message = failure(box, function)
    assert found is kind
    assert message.startswith(why)
    assert box.run(b"behind", sandboxed.note, notes) == 6
    assert notes.read_bytes() == b"before\nbehind\n"


def test_a_child_that_neither_works_nor_answers_is_ended_at_last(
    quick: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_process, "_IDLE_S", 0.2)
    monkeypatch.setattr(sandbox_process, "_IDLE_FACTOR", 1.0)
    assert failure(quick, sandboxed.stand_still)[0] is Failure.TIMEOUT


def test_time_is_not_cpu_time(quick: Box) -> None:
    assert quick.run(b"", sandboxed.sleep, 1.0) == "slept"


def test_a_child_that_was_stopped_goes_on(quick: Box) -> None:
    process = child(quick)
    in_a_moment(process.suspend, 0.1)
    in_a_moment(process.resume, 1.5)
    started = time.monotonic()
    assert quick.run(b"", sandboxed.sleep, 0.3) == "slept"
    assert time.monotonic() - started > 1.0


def test_a_large_page_has_more_cpu_time(quick: Box) -> None:
    assert failure(quick, sandboxed.burn, 0.7)[0] is Failure.TIMEOUT
    assert quick.run(bytes(4 << 20), sandboxed.burn, 0.7) == "burnt"


def test_the_kernel_ends_a_page_that_nobody_looks_at(
    quick: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    child(quick)
    monkeypatch.setattr(sandbox_process, "_LOOK_MS", 20_000)
    monkeypatch.setattr(sandbox, "_TIMER_S", 0.0)
    started = time.monotonic()
    assert failure(quick, sandboxed.burn) == (Failure.TIMEOUT, "over 0.3 s of CPU time")
    assert time.monotonic() - started < 15


def test_a_child_that_was_large_when_it_was_killed_had_too_little_memory(shared: Box) -> None:
    killed = sandboxed.leak_and_be_killed
    assert failure(shared, killed, 180_000_000) == (
        Failure.MEMORY,
        "over 300000000 bytes of memory",
    )
    assert failure(shared, killed, 1_000_000) == (Failure.CRASHED, "killed by signal 9")


def test_a_page_whose_child_somebody_else_killed_gets_another(shared: Box, tmp_path: Path) -> None:
    marker = tmp_path / "killed"
    assert shared.run(b"page", sandboxed.be_killed_once, str(marker)) == "alive"
    assert marker.exists()


def test_what_earlier_pages_left_is_not_put_down_to_a_page() -> None:
    with opened() as box:
        pids = {box.run(b"", sandboxed.leak, 2_000_000) for _ in range(180)}
        assert box.run(b"", sandboxed.sleep, 0.2) == "slept"
    assert 1 < len(pids) < 10


def test_a_child_has_so_many_pages_and_no_more() -> None:
    with opened(SandboxConfig(cpu_s=1, pages_per_child=3)) as box:
        pids = [box.run(b"", sandboxed.own_pid) for _ in range(7)]
    assert [pids.count(pid) for pid in pids] == [3, 3, 3, 3, 3, 3, 1]
    assert pids == sorted(pids, key=pids.index)


def test_prints_are_no_answers(shared: Box, capfd: pytest.CaptureFixture[str]) -> None:
    assert shared.run(b"", sandboxed.print_much) == "printed"
    assert shared.run(b"", sandboxed.print_much) == "printed"
    assert capfd.readouterr() == ("", "")


def test_only_one_of_two_processes_answers(shared: Box) -> None:
    answers = [shared.run(b"", sandboxed.fork_and_return) for _ in range(3)]
    assert answers == ["parent"] * 3
    assert shared.run(b"", sandboxed.sleep, 0.1) == "slept"


def test_a_child_that_ends_takes_along_what_it_forked(shared: Box, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    assert failure(shared, sandboxed.fork_and_fail, file) == (
        Failure.CRASHED,
        "ended with status 3",
    )
    wait_until(lambda: is_gone(int(file.read_text())))


def test_large_pages_and_answers(shared: Box) -> None:
    page = os.urandom(1 << 20) * 60
    (returned, _, _) = shared.run(page, sandboxed.echo)
    assert zlib.crc32(returned) == zlib.crc32(page)


def test_a_child_that_ends_while_it_is_sent_a_page(shared: Box) -> None:
    process = child(shared)
    process.suspend()
    in_a_moment(process.kill)
    page = bytes(50_000_000)
    assert shared.run(page, sandboxed.own_pid) == child(shared).pid != process.pid


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere address space has no limit")
def test_a_page_that_finds_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_ADDRESS_SPACE_BYTES", 400_000_000)
    with opened() as box:
        assert box.run(bytes(1_000_000), sandboxed.own_type) == "bytes"
        assert failure(box, sandboxed.own_type, page=bytes(700_000_000))[0] is Failure.MEMORY


def test_a_child_that_ended_between_pages_costs_no_page(shared: Box) -> None:
    before = child(shared)
    before.kill()
    wait_until(lambda: is_gone(before.pid))
    time.sleep(0.2)  # for its other threads
    assert child(shared) != before


def test_a_page_that_was_interrupted_gives_no_answer_to_the_next(shared: Box) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    child(shared)
    old = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            shared.run(b"", sandboxed.sleep, 0.4)
    finally:
        signal.signal(signal.SIGALRM, old)
    assert shared.run(b"next", sandboxed.echo)[0] == b"next"


def test_neither_descriptors_nor_processes_are_left() -> None:
    own = psutil.Process()
    before = own.num_fds(), len(own.children(recursive=True))
    with opened(QUICK) as box:
        for function in (sandboxed.abort, sandboxed.ask_for_too_much, sandboxed.burn):
            failure(box, function)
        child(box)
        assert (own.num_fds(), len(own.children(recursive=True))) == (before[0] + 1, before[1] + 1)
    assert (own.num_fds(), len(own.children(recursive=True))) == before


def test_a_forked_process_has_a_child_of_its_own(shared: Box) -> None:
    ours = child(shared).pid
    reader, writer = os.pipe()
    forked = os.fork()
    if not forked:
        try:
            os.write(writer, str(child(shared).pid).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(forked, 0)
    with open(reader) as answer:
        theirs = int(answer.read())
    assert child(shared).pid == ours != theirs
    wait_until(lambda: is_gone(theirs))


def test_each_thread_has_a_child_that_ends_with_it(shared: Box) -> None:
    pids = [child(shared).pid]
    thread = threading.Thread(target=lambda: pids.append(child(shared).pid))
    thread.start()
    thread.join()
    first, second = pids
    assert first != second
    wait_until(lambda: is_gone(second))
    assert child(shared).pid == first


def test_cpu_time_is_told_once() -> None:
    with opened(QUICK) as box:
        child(box)
        take_cpu_s()
        for _ in range(3):
            box.run(b"", sandboxed.burn, 0.05)
        assert 0.15 <= take_cpu_s() < 0.3
        failure(box, sandboxed.burn)
        assert 0.3 <= take_cpu_s() < 1
        assert take_cpu_s() == 0


SCRIPT = """
import sys, time
from curation.extract.sandbox import Sandbox, SandboxConfig
from tests.extract import sandboxed
box = Sandbox(sandboxed.call, raises=sandboxed.BadPageError, config=SandboxConfig(cpu_s=600))
print(box.run(b"", sandboxed.own_pid), flush=True)
"""
ENDS = {
    "return": "",
    "error": "raise ValueError('in the worker')",
    "idle": "time.sleep(600)",
    "busy": "box.run(b'', sandboxed.burn_in_c)",
}


@pytest.mark.parametrize(
    ("end", "number"),
    [
        ("return", None),
        ("error", None),
        *((end, kind) for end in ("idle", "busy") for kind in (signal.SIGTERM, signal.SIGKILL)),
    ],
)
def test_a_child_ends_with_its_parent(end: str, number: signal.Signals | None) -> None:
    if end == "busy" and sys.platform != "linux":
        pytest.skip("the kernel ends it later, by a timer")
    script = SCRIPT + ENDS[end]
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        if number:
            time.sleep(0.1)
            parent.send_signal(number)
    wait_until(lambda: is_gone(pid))


HOMELESS = """
import os, sys
sys.path[:0] = [{code!r}, ""]
os.chdir({gone!r}); os.rmdir({gone!r})
from curation.extract.sandbox import Sandbox, SandboxConfig
box = Sandbox(eval, raises=ValueError, config=SandboxConfig())
print(box.run(b"__import__('curation').__file__"))
"""


def test_code_comes_from_a_zip_though_there_is_neither_home_nor_folder(tmp_path: Path) -> None:
    code = zip_packages(tmp_path / "code.zip")
    gone, home = tmp_path / "gone", tmp_path / "home"
    gone.mkdir()
    home.mkdir(mode=0o500)
    done = subprocess.run(
        [sys.executable, "-P", "-c", HOMELESS.format(code=str(code), gone=str(gone))],
        env={**os.environ, "PYTHONPATH": "", "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (f"{code}/curation/__init__.py", "")
    assert list(home.iterdir()) == []


def test_the_child_of_extraction_imports_neither_spark_nor_numba() -> None:
    box: Box = Sandbox(eval, raises=ValueError, config=SandboxConfig())
    loaded = "__import__('curation.extract.extract') and sorted(__import__('sys').modules)"
    modules = set(box.run(loaded.encode()))
    box.close()
    assert "trafilatura" in modules
    assert modules.isdisjoint({"pyspark", "numba", "pandas"})


@pytest.mark.parametrize("wrong", [{"cpu_s": 0}, {"rss_bytes": 0}, {"pages_per_child": 0}])
def test_limits_are_above_nothing(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(SandboxConfig).validate_python(wrong)
