"""Amazon S3 and what speaks its protocol, through boto3.

Credentials, region and endpoint come from the usual AWS chain (environment, profile, role) in
each process. Requests are retried by botocore, and bodies that break off are read again, both with
jittered back-off; what fails for good is a `UserError` that says what to do. No `OSError` leaves
this module: to whoever reads records that would mean damaged data.
"""

from __future__ import annotations

import tempfile
from collections.abc import Container, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import boto3.exceptions
import botocore.exceptions as aws
from botocore.config import Config
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from urllib3.exceptions import HTTPError
from wcmatch.glob import GLOBSTAR, globmatch

from curation.errors import UserError
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
    "PermanentRedirect": "the bucket is in another region: set AWS_REGION",
    "AuthorizationHeaderMalformed": "the bucket is in another region: set AWS_REGION",
}


_DELETED_AT_ONCE = 1000


@cache
def _client() -> Any:
    """One client per process: making one costs a quarter of a second."""
    config = Config(
        retries={"mode": "standard", "max_attempts": 5},
        connect_timeout=5,
        read_timeout=60,
    )
    return boto3.Session().client("s3", config=config)


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


class _ConflictError(Exception):
    pass


class _NotThereError(UserError):
    pass


class _AlreadyThereError(Exception):
    pass


class _BehindTheEndError(Exception):
    pass


_again = retry(
    retry=retry_if_exception_type((aws.HTTPClientError, HTTPError, _ConflictError)),
    wait=wait_random_exponential(multiplier=0.2, max=5),
    stop=stop_after_attempt(5),
    reraise=True,
)


@_again
def _get(bucket: str, key: str, asked: dict[str, str]) -> bytes:
    """The body too is read in the retry: it can break off after a good answer."""
    body: bytes = _client().get_object(Bucket=bucket, Key=key, **asked)["Body"].read()
    return body


@_again
def _put_if_absent(bucket: str, key: str, data: bytes) -> None:
    """A conflict means that another write is under way, not that it has won."""
    try:
        _client().put_object(Bucket=bucket, Key=key, Body=data, IfNoneMatch="*")
    except aws.ClientError as error:
        if error.response["Error"]["Code"] in ("ConditionalRequestConflict", "409"):
            raise _ConflictError from error
        raise


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
            pages = _client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
            found = [o for page in pages for o in page.get("Contents", [])]
        files = [FileInfo(f"s3://{bucket}/{o['Key']}", o["Size"], o["ETag"]) for o in found]
        return sorted(f for f in files if not f.uri.endswith("/"))

    def find(self, uri: str) -> FileInfo | None:
        """The object of exactly that key."""
        bucket, key = _split(uri)
        try:
            with _explained(uri):
                head = _client().head_object(Bucket=bucket, Key=key)
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
            yield path
            with _explained(uri):
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
        for at in range(0, len(garbage), _DELETED_AT_ONCE):
            bucket, _ = _split(folder)
            keys = [{"Key": _split(uri)[1]} for uri in garbage[at : at + _DELETED_AT_ONCE]]
            with _explained(folder):
                _client().delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
        return len(garbage)


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
    except (aws.BotoCoreError, boto3.exceptions.Boto3Error, HTTPError, _ConflictError) as error:
        raise UserError(f"{uri}: {error or type(error).__name__}") from error


def _meaning(uri: str, error: Exception) -> Exception:
    code = error.response["Error"]["Code"] if isinstance(error, aws.ClientError) else ""
    if code in ("PreconditionFailed", "412"):
        return _AlreadyThereError()
    if code in ("InvalidRange", "416"):
        return _BehindTheEndError()
    bucket = urlsplit(uri).netloc
    subject = f"s3://{bucket}" if code == "NoSuchBucket" else uri
    kind = _NotThereError if code in ("NoSuchKey", "404") else UserError
    return kind(f"{subject}: {_ADVICE.get(code, error)}")
