"""STATE_*: values that workers share, with versions and times to live. They live as long as the master does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: Keys at once; what has run out does not count.
STATE_KEYS_MAX = 100_000


@dataclass(frozen=True)
class Stored:
    """A value and its version."""

    value: Any
    version: int
    #: Milliseconds since 1970; None lives on.
    expires: float | None


class StateFault(Exception):
    """Why a change was refused."""

    def __init__(self, code: str, message: str, version: int) -> None:
        super().__init__(message)
        self.code = code
        #: Version the key is at; 0 where it is not there.
        self.version = version


class StateTable:
    """Values by key. Versions grow over all keys, so that one that was deleted never comes back as an old one."""

    def __init__(self, now_ms: Callable[[], float], keys_max: int = STATE_KEYS_MAX) -> None:
        self._now_ms = now_ms
        self._keys_max = keys_max
        self._entries: dict[str, Stored] = {}
        self._version = 0

    def get(self, key: str) -> Stored | None:
        """What is under `key` and has not run out."""
        entry = self._entries.get(key)
        if entry is not None and entry.expires is not None and entry.expires <= self._now_ms():
            del self._entries[key]
            return None
        return entry

    def set(self, key: str, value: Any, *, ttl_ms: float | None = None, if_version: int | None = None) -> int:
        """The new version. Raises `StateFault`."""
        present = self._expect(key, if_version)
        if not present and len(self._entries) >= self._keys_max:
            self._sweep()
            if len(self._entries) >= self._keys_max:
                raise StateFault("state_full", f"There are {self._keys_max} keys (STATE_KEYS_MAX).", 0)
        self._version += 1
        expires = None if ttl_ms is None else self._now_ms() + ttl_ms
        self._entries[key] = Stored(value, self._version, expires)
        return self._version

    def delete(self, key: str, *, if_version: int | None = None) -> None:
        """Deletes what is there. Raises `StateFault`."""
        if self._expect(key, if_version):
            del self._entries[key]

    def _expect(self, key: str, if_version: int | None) -> bool:
        entry = self.get(key)
        version = 0 if entry is None else entry.version
        if if_version is not None and version != if_version:
            raise StateFault("state_version_conflict", f"The key is at version {version}.", version)
        return entry is not None

    def _sweep(self) -> None:
        for key in list(self._entries):
            self.get(key)
