"""Ends the command of a worker that was killed: a process beside it notices the worker's end by a pipe, whatever the way it went."""

from __future__ import annotations

import contextlib
import subprocess
from types import TracebackType

#: Reads the group, then waits for a line: without one the worker is gone, and the group ends. A shell, since every Unix has one
#: and it takes little memory; nothing of a command reaches it but a number.
_SCRIPT = 'read -r group || exit 0; read -r line || kill -s KILL -- "-$group" 2>/dev/null'


class OrphanGuard:
    """Watches over one process group from `watch` until it is left: `with OrphanGuard() as guard: ... guard.watch(pid)`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> OrphanGuard:
        # A session of its own: what a terminal sends to the worker's group does not reach it.
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self

    def watch(self, group: int) -> None:
        """From now on this group ends with this process."""
        self._say(f"{group}\n".encode())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._say(b"over\n")
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.communicate()

    def _say(self, line: bytes) -> None:
        if self._process is None or self._process.stdin is None:
            return
        with contextlib.suppress(OSError):
            self._process.stdin.write(line)
            self._process.stdin.flush()
