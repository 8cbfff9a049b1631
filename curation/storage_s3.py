"""Amazon S3 and what speaks its protocol, through boto3.

Credentials, region and endpoint come from the usual AWS chain (environment, profile, role) in
each process. Two variables of ours name buckets, separated by commas: WINNOW_S3_ANONYMOUS those
that are read without credentials, WINNOW_S3_REQUESTER_PAYS those whose reader pays.

Requests are tried again by botocore, and bodies that break off or crawl by us, both with full
jitter and a bound; a host that cannot be reached is given up on sooner. What fails for good is a
`UserError` that says what to do. No `OSError` leaves this module: to whoever reads records that
would mean damaged data.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import boto3
import boto3.exceptions
import botocore.exceptions as aws
from botocore import UNSIGNED
from botocore.config import Config
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from urllib3.exceptions import HTTPError
from wcmatch.glob import GLOBSTAR, globmatch

from curation.errors import UnreadableError, UserError
from curation.retries import count_retry
from curation.storage import WILDCARDS, FileInfo

_ADVICE = {
    "AccessDenied": "access denied: the credentials in use may not do this",
    "403": "access denied: the credentials in use may not do this",
    "InvalidAccessKeyId": "the access key is not known: check AWS_ACCESS_KEY_ID or the profile",
    "SignatureDoesNotMatch": "the secret key is wrong: check AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the credentials have expired: sign in again",
    "NoSuchBucket": "no such bucket",
    "NoSuchKey": "no such object",
    "404": "no such object",
    "301": "the bucket is in another region: set AWS_REGION",
    "PermanentRedirect": "the bucket is in another region: set AWS_REGION",
    "AuthorizationHeaderMalformed": "the bucket is in another region: set AWS_REGION",
    "InvalidObjectState": "the object is archived: restore it first",
    "NotImplemented": "the store has no conditional writes (If-None-Match): use another",
    "400": "the request was refused: check AWS_REGION, and whether the credentials have expired",
}
_WITHOUT_REASON = {"301", "400", "403"}  # a HEAD has no body to tell it: a GET has
_OF_ONE_OBJECT = {"AccessDenied", "403", "NoSuchKey", "404", "InvalidObjectState"}

_NO_CONNECTION = (
    *(aws.EndpointConnectionError, aws.ConnectTimeoutError),
    *(aws.ProxyConnectionError, aws.SSLError),
)
_DELETED_AT_ONCE = 1000
_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S = 5, 10
_FIRST_CONNECTS, _FIRST_READS = 3, 2
_making = Lock()
_CHUNK_BYTES = 64 << 10
_PATIENCE_S, _LEAST_BYTES_PER_S = 60.0, 64 << 10


def _client(*, anonymous: bool = False) -> Any:
    """One client per process and kind: making one costs a quarter of a second."""
    with _making:
        return _new_client(anonymous=anonymous)


@cache
def _new_client(*, anonymous: bool) -> Any:
    config = Config(
        # The other modes share a small budget of retries among all requests of a process.
        retries={"mode": "legacy", "total_max_attempts": 7},
        connect_timeout=_CONNECT_TIMEOUT_S,
        read_timeout=_READ_TIMEOUT_S,
        max_pool_connections=64,
        signature_version=UNSIGNED if anonymous else None,
    )
    try:
        client = boto3.Session().client("s3", config=config)
    except ValueError as error:
        raise UserError(f"S3: {error}: check AWS_ENDPOINT_URL and AWS_REGION") from error
    client.meta.events.register_first("needs-retry.s3", _look_at_attempt)
    return client


# A child shares its parent's open connections, and each would read answers to the other.
os.register_at_fork(after_in_child=_new_client.cache_clear)


_answered: set[str] = set()
"""Hosts that have answered this process: worth some patience when they stop to."""


def _look_at_attempt(
    attempts: int, caught_exception: Exception | None, endpoint: Any, **_: Any
) -> None:
    """Called after each attempt: counts retries, and gives up early on who never answered."""
    if attempts > 1:
        count_retry()
    if caught_exception is None:
        _answered.add(endpoint.host)
    elif endpoint.host not in _answered and (
        (isinstance(caught_exception, aws.ReadTimeoutError) and attempts >= _FIRST_READS)
        or (isinstance(caught_exception, _NO_CONNECTION) and attempts >= _FIRST_CONNECTS)
    ):
        raise caught_exception


def _reader(bucket: str) -> tuple[Any, dict[str, str]]:
    """The client that reads `bucket`, and what its requests say beside the key."""
    paying = bucket in _buckets("WINNOW_S3_REQUESTER_PAYS")
    client = _client(anonymous=bucket in _buckets("WINNOW_S3_ANONYMOUS"))
    return client, {"RequestPayer": "requester"} if paying else {}


def _buckets(variable: str) -> list[str]:
    return [name.strip() for name in os.environ.get(variable, "").split(",")]


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


class _ConflictError(Exception):
    pass


class _SlowError(Exception):
    pass


class _UndeletedError(Exception):
    pass


class _NotThereError(UnreadableError):
    pass


class _AlreadyThereError(Exception):
    pass


class _BehindTheEndError(Exception):
    pass


_PASSING = (
    *(aws.HTTPClientError, aws.IncompleteReadError, aws.ResponseStreamingError, HTTPError),
    *(aws.FlexibleChecksumError, _ConflictError, _SlowError, _UndeletedError),
)
_again = retry(
    retry=retry_if_exception_type(_PASSING),
    wait=wait_random_exponential(multiplier=0.2, max=5),
    stop=stop_after_attempt(5),
    before_sleep=lambda _: count_retry(),
    reraise=True,
)


@_again
def _get(bucket: str, key: str, asked: dict[str, str]) -> bytes:
    """The body too is read in the retry: it can break off, or crawl, after a good answer."""
    client, paying = _reader(bucket)
    answer = client.get_object(Bucket=bucket, Key=key, **asked, **paying)
    deadline = time.monotonic() + _PATIENCE_S + answer["ContentLength"] / _LEAST_BYTES_PER_S
    pieces = []
    for piece in answer["Body"].iter_chunks(_CHUNK_BYTES):
        pieces.append(piece)
        if time.monotonic() > deadline:
            raise _SlowError(f"under {_LEAST_BYTES_PER_S} bytes per second")
    return b"".join(pieces)


def _head(bucket: str, key: str) -> Any:
    client, paying = _reader(bucket)
    try:
        return client.head_object(Bucket=bucket, Key=key, **paying)
    except aws.ClientError as error:
        if error.response["Error"]["Code"] in _WITHOUT_REASON:
            _get(bucket, key, {"Range": "bytes=0-0"})
        raise


@_again
def _put_if_absent(bucket: str, key: str, data: bytes) -> None:
    """A conflict means that another write is under way, not that it has won."""
    try:
        _client().put_object(Bucket=bucket, Key=key, Body=data, IfNoneMatch="*")
    except aws.ClientError as error:
        if error.response["Error"]["Code"] in ("ConditionalRequestConflict", "409"):
            raise _ConflictError from error
        raise


@_again
def _delete(bucket: str, keys: list[dict[str, str]]) -> None:
    """Failures of single keys come in an answer that says 200."""
    answer = _client().delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    if failed := answer.get("Errors"):
        raise _UndeletedError(f"{failed[0]['Key']}: cannot be deleted: {failed[0]['Code']}")


class S3Storage:
    """Objects as files; a folder is a common prefix that ends in a slash."""

    def walk(self, folder: str) -> list[FileInfo]:
        """All objects under `folder`."""
        return self._list(folder.rstrip("/") + "/")

    def glob(self, pattern: str) -> list[FileInfo]:
        """Objects that match; lists only the prefix before the first wildcard."""
        wild = min((at for c in WILDCARDS if (at := pattern.find(c)) >= 0), default=len(pattern))
        files = self._list(pattern[:wild])
        return [f for f in files if globmatch(f.uri, pattern, flags=GLOBSTAR)]

    def _list(self, prefix: str) -> list[FileInfo]:
        bucket, key = _split(prefix)
        with _explained(prefix):
            client, paying = _reader(bucket)
            listing = client.get_paginator("list_objects_v2")
            pages = listing.paginate(Bucket=bucket, Prefix=key, **paying)
            found = [o for page in pages for o in page.get("Contents", [])]
        files = [FileInfo(f"s3://{bucket}/{o['Key']}", o["Size"], o["ETag"]) for o in found]
        return sorted(f for f in files if not f.uri.endswith("/"))

    def find(self, uri: str) -> FileInfo | None:
        """The object of exactly that key."""
        bucket, key = _split(uri)
        try:
            with _explained(uri):
                head = _head(bucket, key)
        except _NotThereError:
            return None
        return FileInfo(uri, head["ContentLength"], head["ETag"])

    def read(self, uri: str, start: int = 0, length: int | None = None) -> bytes:
        """A range of the object; a request that starts behind its end gives no bytes."""
        if length == 0:
            return b""
        bucket, key = _split(uri)
        end = "" if length is None else str(start + length - 1)
        asked = {} if start == 0 and length is None else {"Range": f"bytes={start}-{end}"}
        try:
            with _explained(uri):
                return _get(bucket, key, asked)
        except _BehindTheEndError:
            return b""

    @contextmanager
    def create(self, uri: str) -> Iterator[Path]:
        """Writes to local disk, then uploads: an object shows only when its upload is complete."""
        bucket, key = _split(uri)
        with tempfile.TemporaryDirectory(prefix="winnow-") as folder:
            path = Path(folder, "upload")
            with _explained(uri):  # a full disk, as well
                yield path
                _client().upload_file(str(path), bucket, key)

    def put_if_absent(self, uri: str, data: bytes) -> bool:
        """A conditional write.

        A retry after a lost answer may call a winner a loser: harmless, for whoever reads the
        object sees the truth.
        """
        try:
            with _explained(uri):
                _put_if_absent(*_split(uri), data)
        except _AlreadyThereError:
            return False
        return True

    def sweep(self, folder: str, keep: Container[str]) -> int:
        """Uploads show only when they are complete, so there is no unfinished work to see."""
        garbage = [file.uri for file in self.walk(folder) if file.uri not in keep]
        self.delete(garbage)
        return len(garbage)

    def delete(self, uris: Sequence[str]) -> None:
        """A thousand objects a request; all are in one bucket."""
        for at in range(0, len(uris), _DELETED_AT_ONCE):
            bucket, _ = _split(uris[at])
            keys = [{"Key": _split(uri)[1]} for uri in uris[at : at + _DELETED_AT_ONCE]]
            with _explained(uris[at]):
                _delete(bucket, keys)


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    """Turns what botocore raises into one line that names the object and the way out."""
    try:
        yield
    except (aws.NoCredentialsError, aws.PartialCredentialsError) as error:
        raise UserError(
            f"{uri}: no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
            " AWS_PROFILE"
        ) from error
    except (aws.ClientError, boto3.exceptions.S3UploadFailedError) as error:
        raise _meaning(uri, error) from error
    except _NO_CONNECTION as error:
        raise UserError(f"{uri}: {error}: check AWS_ENDPOINT_URL and the network") from error
    except _PASSING as error:
        raise UnreadableError(uri, _line(error)) from error
    except (aws.BotoCoreError, boto3.exceptions.Boto3Error, ValueError, OSError) as error:
        raise UserError(f"{uri}: {_line(error)}") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _meaning(uri: str, error: Exception) -> Exception:
    answer: Any = getattr(error, "response", {"Error": {"Code": ""}, "ResponseMetadata": {}})
    code, status = answer["Error"]["Code"], answer["ResponseMetadata"].get("HTTPStatusCode", 500)
    if code in ("PreconditionFailed", "412"):
        return _AlreadyThereError()
    if code in ("InvalidRange", "416"):
        return _BehindTheEndError()
    bucket = urlsplit(uri).netloc
    subject = f"s3://{bucket}" if code == "NoSuchBucket" else uri
    why = _ADVICE.get(code, _line(error))
    if code in ("NoSuchKey", "404"):
        return _NotThereError(uri, why)
    if code in _OF_ONE_OBJECT or status >= 500:
        return UnreadableError(uri, why)
    return UserError(f"{subject}: {why}")
