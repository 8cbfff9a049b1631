"""A reverse proxy before the S3 server that injects faults and counts what was asked.

The Host header goes on as it came, for clients sign it. Bodies are streamed, and must announce
their length: SeaweedFS always does, and boto3 does unless it speaks TLS.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase, BytesIO
from random import Random
from typing import Any
from urllib.parse import unquote, urlsplit

_BLOCK_BYTES = 64 << 10
_KINDS = ("unavailable", "reset", "reset_after", "truncated", "slow")
_NOT_PASSED_ON = {"connection", "expect", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Faults:
    """Shares of requests, 0..1, by kind, each drawn for itself.

    The draws depend on `seed` alone; which request gets which depends on the order of arrival.
    """

    unavailable: float = 0.0  # answers 503 SlowDown before the backend sees the request
    reset: float = 0.0  # resets the connection (if not unavailable)
    reset_after: float = 0.5  # share of resets that lose the answer of a backend that did its work
    truncated: float = 0.0  # breaks bodies of GETs off half way (if neither of those)
    slow: float = 0.0  # sleeps before all else
    slow_s: float = 0.5
    seed: int = 0


_NO_FAULTS = Faults()


@dataclass(frozen=True)
class Request:
    """What was asked, and what came of it.

    The path is decoded, the query raw. `status` is the backend's where the answer was lost, and 0
    where the connection was reset before the backend saw the request. The bytes are those that the
    socket took, so a client that hangs up half way may have seen fewer.
    """

    method: str
    path: str
    query: str
    range_header: str | None
    status: int
    body_bytes_sent: int
    payer: str | None = None


class Proxy(ThreadingHTTPServer):
    """What tests set and look at, also while requests are under way.

    GET and HEAD of paths that end in one of `gone` answer 404 NoSuchKey; all requests of paths that
    end in a key of `answers` answer its status and S3 error code; POSTs of paths that end in one of
    `bodies` answer 200 with that. The backend sees none of them.
    A request is in `requests` before its client has the whole answer.
    """

    request_queue_size = 128  # with the usual 5, a burst of connections waits for a second

    def __init__(self, backend: str, faults: Faults) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.backend = urlsplit(backend).netloc
        self.gone: set[str] = set()
        self.answers: dict[str, tuple[int, str]] = {}
        self.bodies: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.injected: Counter[str] = Counter()
        self._connections: set[Any] = set()
        self._lock = threading.Lock()
        self.faults = faults

    @property
    def faults(self) -> Faults:
        """Setting them starts their seed anew."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._faults, self._random = faults, Random(faults.seed)

    def bytes_read(self, suffix: str) -> int:
        """Bytes of objects whose path ends in `suffix`; neither of errors nor of lost answers."""
        good = [r for r in tuple(self.requests) if r.method == "GET" and r.status in (200, 206)]
        return sum(request.body_bytes_sent for request in good if request.path.endswith(suffix))

    def draw(self) -> tuple[Faults, set[str]]:
        """Draws for all kinds each time, so that no share changes the draws of another kind."""
        with self._lock:
            hit = {k for k in _KINDS if self._random.random() < getattr(self._faults, k)}
            return self._faults, hit

    def inject(self, kind: str) -> None:
        """Counts one fault."""
        with self._lock:
            self.injected[kind] += 1

    def fixed(self, method: str, path: str) -> tuple[int, str] | None:
        """Status and error code that the request is to get in place of the backend's answer."""
        if method in ("GET", "HEAD") and path.endswith(tuple(self.gone)):
            return 404, "NoSuchKey"
        return next((told for end, told in tuple(self.answers.items()) if path.endswith(end)), None)

    def process_request(self, request: Any, client_address: Any) -> None:
        """One connection; its requests are handled in a thread of their own."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The end of one connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Ends all connections: kept-alive ones would be served after the server's end."""
        for connection in tuple(self._connections):
            with suppress(OSError):  # it has just ended
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def running_proxy(backend: str, faults: Faults = _NO_FAULTS) -> Iterator[Proxy]:
    """A proxy before the server at the URL `backend`."""
    with Proxy(backend, faults) as proxy:
        poll_s = 0.02  # what shutdown() may have to wait
        threading.Thread(target=proxy.serve_forever, args=(poll_s,), daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            proxy.hang_up()


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: list[tuple[str, str]]
    length: int  # of the body, so 0 for HEAD
    body: BufferedIOBase


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # heads and bodies are sent apart
    server: Proxy

    def handle(self) -> None:
        """All requests of one connection; if the client or the backend hangs up, so do we."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Tests look at `Proxy.requests`."""

    def _pass_on(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return
        faults, drawn = self.server.draw()
        if "slow" in drawn:
            self.server.inject("slow")
            time.sleep(faults.slow_s)
        if "unavailable" in drawn:
            self.server.inject("unavailable")
            self._send(self._error(503, "SlowDown"))
        elif "reset" in drawn and "reset_after" not in drawn:
            self._reset(0)
        else:
            with self._answer() as answer:
                if "reset" in drawn:
                    self._reset(answer.status)
                else:
                    self._send(answer, truncated="truncated" in drawn)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815

    @contextmanager
    def _answer(self) -> Iterator[_Answer]:
        if fixed := self.server.fixed(self.command, self._path()):
            yield self._error(*fixed)
            return
        found = [body for end, body in self.server.bodies.items() if self._path().endswith(end)]
        if found and self.command == "POST":
            yield self._xml(200, found[0])
            return
        with closing(HTTPConnection(self.server.backend)) as backend:
            backend.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _NOT_PASSED_ON:
                    backend.putheader(name, value)
            backend.endheaders(self._body())
            got = backend.getresponse()
            headers = [(k, v) for k, v in got.getheaders() if k.lower() not in _NOT_PASSED_ON]
            assert got.length is not None
            yield _Answer(got.status, headers, got.length, got)

    def _error(self, status: int, code: str) -> _Answer:
        xml = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
        return self._xml(status, xml.encode())

    def _xml(self, status: int, xml: bytes) -> _Answer:
        for _ in self._body():
            pass  # the connection's next request comes after it
        headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(xml)))]
        return _Answer(status, headers, 0 if self.command == "HEAD" else len(xml), BytesIO(xml))

    def _body(self) -> Iterator[bytes]:
        return _blocks(self.rfile, int(self.headers["Content-Length"] or 0))

    def _path(self) -> str:
        return unquote(urlsplit(self.path).path)

    def _send(self, answer: _Answer, *, truncated: bool = False) -> None:
        """Holds the last block back until the request is recorded."""
        length = answer.length
        if truncated and self.command == "GET" and length:
            self.server.inject("truncated")
            self.close_connection = True
            length //= 2
        head = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        head += [f"{name}: {value}" for name, value in answer.headers]
        held, sent = "\r\n".join([*head, "", ""]).encode("latin-1"), 0
        try:
            for block in _blocks(answer.body, length):
                self.wfile.write(held)
                held, sent = block, sent + len(block)
        finally:
            self._record(answer.status, sent)
        self.wfile.write(held)

    def _record(self, status: int, sent: int) -> None:
        asked, payer = self.headers["Range"], self.headers["x-amz-request-payer"]
        where = (self.command, self._path(), urlsplit(self.path).query)
        self.server.requests.append(Request(*where, asked, status, sent, payer))

    def _reset(self, status: int) -> None:
        """A socket that lingers for 0 s is not closed with FIN but with RST."""
        self.server.inject("reset")
        self._record(status, 0)
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())  # close() would wait for the files on the socket


def _blocks(body: BufferedIOBase, length: int) -> Iterator[bytes]:
    while length:
        block = body.read(min(length, _BLOCK_BYTES))
        if not block:
            raise ConnectionAbortedError
        length -= len(block)
        yield block
