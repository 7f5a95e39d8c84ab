"""Files of builds by their content: inputs are fetched over HTTP, outputs stored over HTTP, each held against its SHA-256."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import secrets
import ssl
import stat
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from .connection import is_loopback
from .errors import SluiceError

#: Digests that are asked about at once; the server takes as many.
DIGESTS_AT_ONCE_MAX = 1_000
#: A server that says nothing for this long is gone.
TIMEOUT_S = 300
_PIECE_BYTES = 1 << 20


class BlobError(SluiceError):
    """Files could not be had or kept. Codes: `input_failed`, `input_corrupt`, `artifact_failed`, `path_unsafe`."""

    code = "input_failed"


class Blobs:
    """The blobs of a server, as far as a token may have them. Everything here blocks, but `fetch` and `store`."""

    def __init__(self, url: str, token: Callable[[], str | None], tls: ssl.SSLContext | None = None) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._tls = tls

    async def fetch(self, files: Sequence[Mapping[str, Any]], folder: str | os.PathLike[str]) -> None:
        """Puts files, maps of `path`, `sha256`, `mode` and perhaps `link`, into a folder. Raises `BlobError`."""
        await asyncio.to_thread(self.fetch_all, files, Path(folder))

    async def store(self, patterns: Sequence[str], folder: str | os.PathLike[str]) -> list[dict[str, Any]]:
        """Stores what the patterns name in a folder; answers with the descriptions. Raises `BlobError`."""
        return await asyncio.to_thread(self.store_all, patterns, Path(folder))

    def fetch_all(self, files: Sequence[Mapping[str, Any]], folder: Path) -> None:
        """As `fetch`."""
        folder.mkdir(parents=True, exist_ok=True)
        # Links come last: nothing is written through one.
        for file in files:
            if file.get("link") is None:
                self._fetch(file, _place(folder, file["path"]))
        for file in files:
            if file.get("link") is not None:
                path = _place(folder, file["path"])
                path.unlink(missing_ok=True)
                path.symlink_to(file["link"])

    def store_all(self, patterns: Sequence[str], folder: Path) -> list[dict[str, Any]]:
        """As `store`."""
        found = [_described(folder, path) for path in sorted(_files_in(folder)) if outputs_match(patterns, path)]
        blobs = {file["sha256"]: file["path"] for file in found if "link" not in file}
        for digest in self.missing(list(blobs)):
            with open(folder / blobs[digest], "rb") as content:
                size = os.fstat(content.fileno()).st_size
                self._ask("PUT", f"/api/v1/blobs/{digest}", content, size=size, code="artifact_failed").close()
        return found

    def missing(self, digests: Sequence[str]) -> list[str]:
        """Which blobs have to be stored before they can be named."""
        found: list[str] = []
        for at in range(0, len(digests), DIGESTS_AT_ONCE_MAX):
            body = json.dumps({"digests": digests[at : at + DIGESTS_AT_ONCE_MAX]}).encode()
            with self._ask("POST", "/api/v1/blobs/missing", body, code="artifact_failed") as answer:
                found += json.load(answer)["missing"]
        return found

    def _fetch(self, file: Mapping[str, Any], path: Path) -> None:
        digest = str(file["sha256"])
        part = path.with_name(f"{path.name}.part-{secrets.token_hex(8)}")
        sum_ = hashlib.sha256()
        try:
            with self._ask("GET", f"/api/v1/blobs/{digest}", code="input_failed") as answer, open(part, "xb") as out:
                for piece in _pieces(answer):
                    sum_.update(piece)
                    out.write(piece)
            if sum_.hexdigest() != digest:
                raise BlobError(f"what came for {file['path']} is not {digest}", code="input_corrupt")
            part.chmod(int(file.get("mode", 0o644)) & 0o777)
            part.replace(path)
        except OSError as error:
            raise BlobError(f"{file['path']}: {error}") from error
        finally:
            part.unlink(missing_ok=True)

    def _ask(self, method: str, path: str, body: bytes | IO[bytes] | None = None, *, size: int = -1, code: str) -> Any:
        headers = {"content-type": "application/json" if isinstance(body, bytes) else "application/octet-stream"}
        if size >= 0:
            headers["content-length"] = str(size)
        token = self._token()
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self._url + path, data=body, headers=headers, method=method)
        try:
            return urllib.request.urlopen(request, timeout=TIMEOUT_S, context=self._tls)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(500).decode("utf-8", "replace")
            raise BlobError(f"{method} {path} was answered with {error.code}: {said}", code=code) from None
        except (OSError, ValueError) as error:
            raise BlobError(f"{method} {path}: {error}", code=code) from error


def blobs_url_in(acknowledged: Mapping[str, Any], master_url: str | None) -> str | None:
    """Where a master says that blobs are: a URL, or a path on the server at `master_url`.

    None where it says nothing, and where a token would travel to another machine in the clear.
    """
    said = acknowledged.get("blobs_url")
    if not isinstance(said, str):
        return None
    url = urllib.parse.urljoin(master_url or "", said)
    parts = urllib.parse.urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    return url if safe and parts.hostname else None


def outputs_match(patterns: Iterable[str], path: str) -> bool:
    """Whether one of the patterns fits a path with forward slashes: `*` and `?` within a folder, `**` for any folders, a folder
    for all that is in it; one that begins with `!` takes out what those before it took in."""
    found = False
    for pattern in patterns:
        out = pattern.startswith("!")
        if found == out and re.match(_expression(pattern[1:] if out else pattern), path):
            found = not out
    return found


def _expression(pattern: str) -> str:
    parts = pattern.removeprefix("./").rstrip("/").split("/")
    text = ""
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        if part == "**":
            text += ".*" if last else "(?:[^/]+/)*"
        else:
            text += re.escape(part).replace(r"\*", "[^/]*").replace(r"\?", "[^/]") + ("" if last else "/")
    # A folder stands for everything in it.
    return f"(?s:{text})\\Z" if parts[-1] == "**" else f"(?s:{text}(?:/.*)?)\\Z"


def _place(folder: Path, path: str) -> Path:
    """Where a file belongs, whose folders are there. Raises `BlobError` for a path that leads out."""
    base = folder.resolve()
    full = Path(os.path.normpath(base / path))
    if os.path.isabs(path) or "\0" in path or base not in full.parents:
        raise BlobError(f"{path!r} leads out of the build's folder", code="path_unsafe")
    full.parent.mkdir(parents=True, exist_ok=True)
    real = full.parent.resolve()
    if real != base and base not in real.parents:
        raise BlobError(f"{path!r} leads out of the build's folder", code="path_unsafe")
    return full


def _files_in(folder: Path, prefix: str = "") -> Iterator[str]:
    """Paths of the files and links, with forward slashes. Links are not followed."""
    with os.scandir(folder / prefix) as entries:
        for entry in entries:
            path = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _files_in(folder, f"{path}/")
            elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                yield path


def _described(folder: Path, path: str) -> dict[str, Any]:
    full = folder / path
    about = full.lstat()
    common = {"path": path, "mode": stat.S_IMODE(about.st_mode) & 0o777}
    if stat.S_ISLNK(about.st_mode):
        link = os.readlink(full)
        return {**common, "sha256": hashlib.sha256(link.encode()).hexdigest(), "size": 0, "link": link}
    sum_ = hashlib.sha256()
    with open(full, "rb") as content:
        for piece in _pieces(content):
            sum_.update(piece)
    return {**common, "sha256": sum_.hexdigest(), "size": about.st_size}


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    while piece := content.read(_PIECE_BYTES):
        yield piece
