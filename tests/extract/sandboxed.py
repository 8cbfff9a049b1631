"""What the tests of the sandbox do in its child. `call` is its function; the others are arguments.

Each takes the page, so that it also could be the function.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_leaked: list[bytearray] = []


class BadPageError(ValueError):
    """What `call` may raise."""


def call(page: bytes, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    return function(page, *arguments, **keywords)


def echo(page: bytes, *arguments: Any, **keywords: Any) -> Any:
    return page, arguments, keywords


def own_pid(page: bytes) -> int:
    return os.getpid()


def own_type(page: bytes) -> str:
    return type(page).__name__


def note(page: bytes, file: Path) -> int:
    """Writes the page into a file: computed twice, it is there twice."""
    with file.open("ab") as notes:
        notes.write(page + b"\n")
    return len(page)


def refuse(page: bytes, why: str) -> None:
    raise BadPageError(why)


def have_a_fault(page: bytes) -> int:
    return len(page) + None  # type: ignore[operator]


def return_what_cannot_be_sent(page: bytes) -> Callable[[], None]:
    return lambda: None


def burn(page: bytes, cpu_s: float = 1e9) -> str:
    end = time.process_time() + cpu_s
    while time.process_time() < end:
        pass
    return "burnt"


def burn_in_c(page: bytes) -> None:
    re.match("(a+)+$", "a" * 60 + "b")


def sleep(page: bytes, wall_s: float) -> str:
    time.sleep(wall_s)
    return "slept"


def stand_still(page: bytes) -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def allocate_bit_by_bit(page: bytes) -> None:
    while True:
        _leaked.append(bytearray(b"x") * 1_000_000)


def allocate_in_c(page: bytes) -> None:
    bytearray(b"x") * 3_000_000_000


def ask_for_too_much(page: bytes) -> None:
    bytearray(1 << 46)


def leak(page: bytes, size: int) -> int:
    _leaked.append(bytearray(b"x") * size)
    return os.getpid()


def leak_and_be_killed(page: bytes, size: int) -> None:
    leak(page, size)
    time.sleep(1)  # for a look
    os.kill(os.getpid(), signal.SIGKILL)


def be_killed(page: bytes) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def abort(page: bytes) -> None:
    os.abort()


def touch_null(page: bytes) -> None:
    ctypes.string_at(0)


def leave(page: bytes) -> None:
    sys.exit(0)


def leave_at_once(page: bytes) -> None:
    os._exit(0)


def recurse(page: bytes) -> None:
    recurse(page)


def close_everything(page: bytes) -> None:
    os.closerange(0, 1000)


def print_much(page: bytes) -> str:
    sys.stdout.write("noise" * 100_000)
    sys.stdout.flush()
    os.write(1, b"noise" * 100_000)
    return "printed"


def fork_and_return(page: bytes) -> str:
    """Both return."""
    return "parent" if os.fork() else "child"


def fork_and_fail(page: bytes, file: Path) -> None:
    """Ends, and leaves a process behind that holds all that was open."""
    pid = os.fork()
    if not pid:
        time.sleep(60)
    file.write_text(str(pid))
    os._exit(3)


def leave_a_thread(page: bytes) -> None:
    threading.Thread(target=time.sleep, args=[60]).start()
    sys.exit(0)


def be_killed_once(page: bytes, marker: str) -> str:
    if not Path(marker).exists():
        Path(marker).touch()
        be_killed(page)
    return "alive"
