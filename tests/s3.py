"""A real S3 server on the loopback interface."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

KEY, SECRET, BUCKET = "winnow-test", "winnow-test-secret", "winnow"
PUBLIC_BUCKET = "winnow-public"
_READY_S = 60


@contextmanager
def running_server(folder: Path, ports: tuple[int, ...]) -> Iterator[dict[str, str]]:
    """Runs SeaweedFS below `folder`; gives the environment that reaches it, bucket made."""
    identity = {"name": "test", "credentials": [{"accessKey": KEY, "secretKey": SECRET}]}
    config = folder / "s3.json"
    public = {"name": "anonymous", "actions": [f"Read:{PUBLIC_BUCKET}", f"List:{PUBLIC_BUCKET}"]}
    identities = [{**identity, "actions": ["Admin"]}, public]
    config.write_text(json.dumps({"identities": identities}))
    s3, master, volume, filer = ports
    options = {
        "dir": folder,
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "s3.port": s3,
        "s3.config": config,
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "master.port": master,
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": 64,
        "volume.port": volume,
        "volume.max": 20,
        "filer.port": filer,
    }
    weed = Path(sys.executable).with_name("weed")
    flags = [f"-{name}={value}" for name, value in options.items()]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([weed, "server", "-filer", "-s3", *flags], stdout=log, stderr=log)
        try:
            environment = _environment(s3)
            _wait_for_bucket(environment)
            yield environment
        finally:
            server.kill()
            server.wait()


def _environment(port: int) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def client(environment: dict[str, str]) -> object:
    """A client of the server, apart from the one under test."""
    return boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )


def _wait_for_bucket(environment: dict[str, str]) -> None:
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            for bucket in (BUCKET, PUBLIC_BUCKET):
                client(environment).create_bucket(Bucket=bucket)  # type: ignore[attr-defined]
        except (BotoCoreError, ClientError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
