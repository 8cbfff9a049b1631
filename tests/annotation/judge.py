"""A server that speaks chat completions; its answers follow from the page's text by a rule.

A page's score is how much of it are words of learning, with noise that depends on the page and on
how often it was asked for. A test says which requests go wrong, and how.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LEARNED = ("theory", "study", "century", "method", "measured", "river", "origin", "described")
_PAGE = re.compile(r"--- PAGE TEXT (\w+) ---\n(.*)\n--- PAGE TEXT \1 ---", re.DOTALL)
KEY = "sk-secret-of-the-test"


def score_of(text: str) -> int:
    """By the rule, without noise: 0..5."""
    words = text.split()
    share = sum(word in LEARNED for word in words) / max(1, len(words))
    return min(5, int(share * 18))


def answer(score: object, reason: str = "by the rule") -> str:
    return json.dumps({"reason": reason, "score": score})


@dataclass(frozen=True)
class Wrong:
    """What a request gets instead: a status with headers and a body, after some seconds.

    With a `content` it is a completion that says this; with `cut` the connection ends half way.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"error": {"message": "it went wrong"}}'
    content: str | None = None
    after_s: float = 0.0
    cut: bool = False


@dataclass(frozen=True)
class Request:
    """What was asked, and when."""

    body: dict[str, Any]
    text: str
    authorization: str | None
    at: float


Fault = Callable[[int, Request], Wrong | None]


class Judge(ThreadingHTTPServer):
    """`fault` tells of each request, by its number from 0, what goes wrong with it."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, fault: Fault | None, noise: float, key: str | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fault, self.noise, self.key = fault, noise, key
        self.requests: list[Request] = []
        self.lock, self.asked = threading.Lock(), Counter[str]()
        self.under_way = self.most_under_way = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def answer_to(self, text: str) -> str:
        with self.lock:
            self.asked[text] += 1
            time_asked = self.asked[text]
        rng = random.Random(f"{text} {time_asked}")
        off = rng.choice([-1, 1]) if rng.random() < self.noise else 0
        return answer(min(5, max(0, score_of(text) + off)))


@contextmanager
def judging(
    fault: Fault | None = None, *, noise: float = 0.0, key: str | None = None
) -> Iterator[Judge]:
    with Judge(fault, noise, key) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    server: Judge
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = _PAGE.search(body["messages"][1]["content"])
        text = found[2] if found else ""
        request = Request(body, text, self.headers.get("Authorization"), time.monotonic())
        with self.server.lock:
            number = len(self.server.requests)
            self.server.requests.append(request)
            self.server.under_way += 1
            self.server.most_under_way = max(self.server.most_under_way, self.server.under_way)
        with suppress(OSError):  # who asked may have gone
            try:
                self._answer(number, request)
            finally:
                with self.server.lock:
                    self.server.under_way -= 1

    def _answer(self, number: int, request: Request) -> None:
        server = self.server
        if server.key and request.authorization != f"Bearer {server.key}":
            self._send(Wrong(401, body=f'{{"error": "wrong key {request.authorization}"}}'))
            return
        wrong = server.fault(number, request) if server.fault else None
        if wrong is None or wrong.content is not None:
            content = wrong.content if wrong else server.answer_to(request.text)
            self._send(Wrong(body=completion(request, str(content))))
        else:
            time.sleep(wrong.after_s)
            self._send(wrong)

    def _send(self, wrong: Wrong) -> None:
        data = wrong.body.encode()
        self.send_response(wrong.status)
        for name, value in wrong.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if wrong.cut else data)
        if wrong.cut:
            self.close_connection = True


def completion(request: Request, content: str) -> str:
    """As vLLM answers."""
    chars = sum(len(message["content"]) for message in request.body["messages"])
    usage = {"prompt_tokens": chars // 4, "completion_tokens": max(1, len(content) // 4)}
    choice = {"index": 0, "message": {"role": "assistant", "content": content}}
    return json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage})
