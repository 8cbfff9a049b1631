"""An endpoint that speaks OpenAI's chat completions, as vLLM does: a chat in, its answer out.

What may pass is tried again, with jitter and a bound, and as late as `Retry-After` says: requests
that time out, lose their connection, are one too many (429), or meet an error of the server. What
is left then is a `NoReplyError` with a reason, for this page alone. A key that is refused, or a
path that is not there, is a `UserError`: it would be so for every page.

The key is read from a variable of the environment, and stands in one header; no message has it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from curation.annotation.budget import Budget
from curation.annotation.config import JudgeConfig
from curation.annotation.prompt import Messages
from curation.errors import UserError

_BODY_BYTES = 4 << 20
_TOLD = 200
_MOST_TOKENS = 100_000_000  # that a server may count for an answer; more is no count
_CONNECT_TIMEOUT_S = 10.0
_BUSY = {408, 409, 425, 429}
_WITHOUT_KEY = ": it takes a key: name the variable that has it with --api-key-env"


class Missing(StrEnum):
    """Why a page has no answer."""

    TIMED_OUT = "timed_out"
    NO_CONNECTION = "no_connection"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    REQUEST_REFUSED = "request_refused"
    NO_VALID_ANSWER = "no_valid_answer"
    NOT_ASKED = "not_asked"


class NoReplyError(Exception):
    """A request that came to nothing for good."""

    def __init__(self, why: Missing, detail: str) -> None:
        super().__init__(detail)
        self.why, self.detail = why, detail


class _PassingError(NoReplyError):
    """One that may do better next time, after so many seconds if the server said so."""

    def __init__(self, why: Missing, detail: str, *, after_s: float | None = None) -> None:
        super().__init__(why, detail)
        self.after_s = after_s


class _BadRequestError(NoReplyError):
    """One that the server does not understand."""


@dataclass(frozen=True)
class Reply:
    """The text of an answer, and the tokens that it took as the server counts them, if it does."""

    content: str
    tokens_in: int | None
    tokens_out: int | None


def estimated_tokens(messages: Messages) -> int:
    """How many tokens a chat has, about: a token is four bytes of English, or a sign of Chinese."""
    return sum(len(part["content"].encode("utf-8", "replace")) for part in messages) // 4


def check_endpoint(config: JudgeConfig) -> None:
    """Raises `UserError` for a URL that is none, or a key that is not there; asks nobody."""
    _url(config.endpoint)
    _key(config.api_key_env)


class Endpoint:
    """Safe to use from several threads; each request is taken from the budget."""

    def __init__(self, config: JudgeConfig, schema: Mapping[str, Any], budget: Budget) -> None:
        self._config, self._schema, self._budget = config, schema, budget
        self._url = _url(config.endpoint)
        self._key = _key(config.api_key_env)
        self._takes_schema, self._answered = True, False
        seconds = config.timeout_s
        self._client = httpx.Client(
            timeout=httpx.Timeout(seconds, connect=min(seconds, _CONNECT_TIMEOUT_S), pool=None),
            limits=httpx.Limits(max_connections=config.concurrency),
            headers={
                "Accept-Encoding": "identity",  # a compressed answer may be a bomb
                **({"Authorization": f"Bearer {self._key}"} if self._key else {}),
            },
        )

    def close(self) -> None:
        """Ends all connections."""
        self._client.close()

    def ask(self, messages: Messages) -> Reply:
        """One answer; raises `NoReplyError`, `UserError`, or `StoppedError`.

        The schema goes along unless the server does not take it.
        """
        config = self._config
        body: dict[str, Any] = {
            "model": config.model,
            "messages": messages,
            "temperature": config.temperature,
            "max_tokens": config.max_answer_tokens,
        }
        if not self._takes_schema:
            return self._patiently(body)
        json_schema = {"name": "judgement", "schema": dict(self._schema), "strict": True}
        response_format = {"type": "json_schema", "json_schema": json_schema}
        try:
            return self._patiently({**body, "response_format": response_format})
        except _BadRequestError:
            reply = self._patiently(body)  # raises where the schema was not what is wrong
            self._takes_schema = False
            return reply

    def _patiently(self, body: Mapping[str, Any]) -> Reply:
        retrying = Retrying(
            retry=retry_if_exception_type(_PassingError),
            stop=stop_after_attempt(self._config.attempts),
            wait=self._wait_s,
            sleep=self._budget.wait,
            reraise=True,
        )
        return retrying(self._once, body)

    def _wait_s(self, state: RetryCallState) -> float:
        """Jittered; a server that says when is believed, as far as `max_wait_s`."""
        most = self._config.max_wait_s
        jittered = wait_random_exponential(multiplier=1, max=most)(state)
        error = state.outcome.exception() if state.outcome else None
        said = error.after_s if isinstance(error, _PassingError) else None
        return jittered if said is None else min(most, said) + min(1.0, jittered)

    def _once(self, body: Mapping[str, Any]) -> Reply:
        with self._budget.request(estimated_tokens(body["messages"])) as bill:
            try:
                status, headers, content = self._post(body)
            except httpx.TimeoutException as error:
                bill.as_estimated()  # the server may have been at it all the while
                seconds = self._config.timeout_s
                raise _PassingError(Missing.TIMED_OUT, f"no answer in {seconds:g} s") from error
            except httpx.RequestError as error:
                detail = self._shown(str(error)) or type(error).__name__
                raise _PassingError(Missing.NO_CONNECTION, detail) from error
            if status != 200:
                self._refuse(status, headers, content)
            bill.as_estimated()
            reply = _read(content, self._key)
            bill.as_told(reply.tokens_in, reply.tokens_out)
        self._answered = True
        return reply

    def _post(self, body: Mapping[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        """Within `timeout_s`, also of a server that sends a byte now and then."""
        until, received = time.monotonic() + self._config.timeout_s, bytearray()
        with self._client.stream("POST", self._url, json=body) as response:
            for piece in response.iter_raw():
                received += piece
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the body took too long")
                if len(received) > _BODY_BYTES:
                    raise _PassingError(Missing.SERVER_ERROR, "an answer without end")
            return response.status_code, response.headers, bytes(received)

    def _refuse(self, status: int, headers: httpx.Headers, content: bytes) -> NoReturn:
        told = f"{status}: {self._shown(_message(content))}"
        if status == 401 or (status == 403 and not self._answered):
            of_key = (
                f": look at the key in ${self._config.api_key_env}" if self._key else _WITHOUT_KEY
            )
            raise UserError(f"{self._url}: {status}: the endpoint refuses us{of_key}")
        if status == 404 or 300 <= status < 400:
            raise UserError(f"{self._url}: {told}: check --endpoint and --model")
        if status in _BUSY or status >= 500:
            why = Missing.RATE_LIMITED if status == 429 else Missing.SERVER_ERROR
            raise _PassingError(why, told, after_s=_after_s(headers))
        raise _BadRequestError(Missing.REQUEST_REFUSED, told)

    def _shown(self, text: str) -> str:
        return one_line(_without(self._key, text))[:_TOLD]


def one_line(text: str) -> str:
    """What others wrote, to be shown: without what a terminal obeys, or lone surrogates."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _without(key: str | None, text: str) -> str:
    return text.replace(key, "***") if key else text


def _read(content: bytes, key: str | None) -> Reply:
    """The text is Unicode that can be written, and does not have the key."""
    try:
        found = json.loads(content)
        text = found["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise _PassingError(Missing.SERVER_ERROR, "200, but no chat completion") from error
    used = found.get("usage")
    counts = used if isinstance(used, dict) else {}
    tokens = (counts.get(name) for name in ("prompt_tokens", "completion_tokens"))
    tokens_in, tokens_out = (
        n if isinstance(n, int) and 0 <= n <= _MOST_TOKENS else None for n in tokens
    )
    written = text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""
    return Reply(_without(key, written), tokens_in, tokens_out)


def _url(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint)
        fine = parts.scheme in ("http", "https") and parts.hostname and not parts.query
        fine = fine and parts.port != 0 and not parts.fragment
        fine = fine and bool(httpx.URL(endpoint).host)
    except (ValueError, httpx.InvalidURL):
        fine = False
    if not fine:
        raise UserError("--endpoint: expected a URL such as http://localhost:8000/v1")
    if parts.username or parts.password:
        raise UserError("--endpoint: has a password: name the variable of a key with --api-key-env")
    return f"{endpoint.rstrip('/')}/chat/completions"


def _key(variable: str | None) -> str | None:
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise UserError(f"--api-key-env {variable}: there is no such variable, or it is empty")
    if not (key.isascii() and key.isprintable()):
        raise UserError(f"--api-key-env {variable}: holds what cannot be a key")
    return key


def _message(content: bytes) -> str:
    """What a server says of an error, in any of the usual forms."""
    text = content[:_BODY_BYTES].decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    error = found.get("error", found) if isinstance(found, dict) else found
    message = error.get("message") if isinstance(error, dict) else error
    return message if isinstance(message, str) else text


def _after_s(headers: httpx.Headers) -> float | None:
    """Seconds until a server wants to be asked again; it gives these, or a time."""
    said = headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdecimal():
        return float(said)
    try:
        when = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
