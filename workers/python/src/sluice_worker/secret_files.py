"""What a worker keeps of its secrets: the token that lets it join, and the credential it was given for that."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def token_of(
    token: str | None, token_file: str | os.PathLike[str] | None, credential_file: Path | None
) -> str | None:
    """The credential of an earlier life where there is one, else the token to join with."""
    if credential_file is not None and credential_file.exists():
        return credential_file.read_text().strip()
    if token is None and token_file is not None:
        return Path(token_file).read_text().strip()
    return token


def write_secret(path: Path, secret: str) -> None:
    """Replaces the file as a whole, readable for its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{secret}\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    """Has the names in a folder on the disk, where the system can do that."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
