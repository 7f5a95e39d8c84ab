"""Runs a command for a build: argv without a shell, in a process group of its own, its output as it is produced."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from .orphans import OrphanGuard

Stream = Literal["stdout", "stderr"]
#: Takes output; whoever produces it waits until it has been taken.
Write = Callable[[Stream, bytes], Awaitable[None]]

#: Bytes of output that travel in one message at most.
CHUNK_BYTES = 65_536
#: Bytes of output that are held before a command is no longer read, and waits.
OUTPUT_BYTES_HELD_MAX = 262_144
#: Milliseconds between asking a process group to end and ending it, unless the master says otherwise.
GRACE_MS = 5_000
#: Output is read for this long after the command has ended: somebody who left its group may hold the pipe open.
OUTPUT_GRACE_MS = 1_000

_STREAMS: Mapping[int, Stream] = {1: "stdout", 2: "stderr"}


#: What every program counts on.
_COMMON_NAMES = re.compile("PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|TZ|LANG|LANGUAGE|LC_[A-Z]+")


def environment_of(names: Iterable[str] = ()) -> dict[str, str]:
    """What a master's command gets of this program's environment: what every program counts on, and `names`.

    The rest may be secrets of whoever runs the worker.
    """
    passed = set(names)
    return {name: value for name, value in os.environ.items() if name in passed or _COMMON_NAMES.fullmatch(name)}


@dataclass(frozen=True)
class CommandResult:
    """How a command ended."""

    #: Negative for the number of the signal that ended it.
    exit_code: int

    @property
    def ok(self) -> bool:
        """It ended with 0."""
        return self.exit_code == 0


class CommandNotStarted(Exception):
    """There is no such program, or folder, or it may not be executed."""


async def run_command(
    command: Sequence[str],
    write: Write,
    *,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
    grace_ms: Callable[[], float] = lambda: GRACE_MS,
    pass_fds: Sequence[int] = (),
    started: Callable[[], None] = lambda: None,
    own_group: bool = True,
    inherited: Mapping[str, str] | None = None,
) -> CommandResult:
    """Runs `command` to its end; whatever is left of its process group ends with it.

    `env` is added to `inherited`, by default all of the worker's own environment. When the calling task is cancelled the group gets SIGTERM, and SIGKILL
    after `grace_ms()`; when this process is killed, the group is killed as well. `started` is called once the process is there. With
    `own_group=False` the command stays in the group of this process, which ends as a whole. Raises `CommandNotStarted`.
    """
    if not command:
        raise CommandNotStarted("the command is empty")
    with OrphanGuard() if own_group else contextlib.nullcontext() as guard:
        output = _Output(asyncio.get_running_loop())
        whole_env = {**(os.environ if inherited is None else inherited), **(env or {})}
        process = await _start(command, output, cwd=cwd, env=whole_env, pass_fds=pass_fds, own_group=own_group)
        if guard is not None:
            guard.watch(process.get_pid())
        started()
        return await _follow(process, output, write, grace_ms=grace_ms, own_group=own_group)


async def _start(
    command: Sequence[str],
    output: _Output,
    *,
    cwd: str | None,
    env: Mapping[str, str],
    pass_fds: Sequence[int],
    own_group: bool,
) -> asyncio.SubprocessTransport:
    try:
        transport, _ = await asyncio.get_running_loop().subprocess_exec(
            lambda: output,
            *command,
            cwd=cwd,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=own_group,
            pass_fds=tuple(pass_fds),
        )
    except (OSError, ValueError) as error:
        raise CommandNotStarted(f"cannot run {command[0]!r}: {error}") from None
    return transport


async def _follow(
    process: asyncio.SubprocessTransport,
    output: _Output,
    write: Write,
    *,
    grace_ms: Callable[[], float],
    own_group: bool,
) -> CommandResult:
    pump = asyncio.ensure_future(output.pump(write))
    try:
        # The pump ends first when what it produces cannot be written any more.
        await asyncio.wait({pump, output.exited}, return_when=asyncio.FIRST_COMPLETED)
        if pump.done():
            pump.result()
        await asyncio.shield(output.exited)
        _signal(process, signal.SIGKILL, own_group)
        output.close_soon()
        await asyncio.shield(pump)
        return CommandResult(process.get_returncode() or 0)
    except BaseException:
        await _end(process, output, grace_ms(), own_group)
        raise
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        process.close()


async def _end(process: asyncio.SubprocessTransport, output: _Output, grace_ms: float, own_group: bool) -> None:
    """Asks the group to end, and after the grace ends it. Its output is still read, so that it can write its last words."""
    _signal(process, signal.SIGTERM, own_group)
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait({output.exited}, timeout=max(0.0, grace_ms) / 1000)
    _signal(process, signal.SIGKILL, own_group)
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait({output.exited})


def _signal(process: asyncio.SubprocessTransport, number: signal.Signals, own_group: bool) -> None:
    # The command leads its group, whose number stays taken as long as anybody is in it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if own_group:
            os.killpg(process.get_pid(), number)
        elif process.get_returncode() is None:
            process.send_signal(number)


class _Output(asyncio.SubprocessProtocol):
    """Output of one process in the order in which it came, with a bound on what is held."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.exited: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._process: asyncio.SubprocessTransport | None = None
        self._chunks: deque[tuple[Stream, bytes]] = deque()
        self._held_bytes = 0
        self._paused = False
        self._open = set(_STREAMS)
        self._changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._process = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        for at in range(0, len(data), CHUNK_BYTES):
            self._chunks.append((_STREAMS[fd], data[at : at + CHUNK_BYTES]))
        self._held_bytes += len(data)
        if self._held_bytes > OUTPUT_BYTES_HELD_MAX and not self._paused:
            self._paused = True
            for pipe in self._pipes():
                pipe.pause_reading()
        self._changed.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        self._changed.set()

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)

    async def pump(self, write: Write) -> None:
        """Hands on the output until both streams have ended."""
        while True:
            while self._chunks:
                stream, chunk = self._chunks.popleft()
                await write(stream, chunk)
                self._held_bytes -= len(chunk)
                if self._paused and self._held_bytes <= OUTPUT_BYTES_HELD_MAX // 2:
                    self._paused = False
                    for pipe in self._pipes():
                        pipe.resume_reading()
            if not self._open:
                return
            self._changed.clear()
            await self._changed.wait()

    def close_soon(self) -> None:
        """Gives up on pipes that somebody holds open, but not on output that only waits to be read."""
        self._loop.call_later(OUTPUT_GRACE_MS / 1000, self._close)

    def _close(self) -> None:
        if self._paused:
            self.close_soon()
            return
        for pipe in self._pipes():
            pipe.close()

    def _pipes(self) -> list[asyncio.ReadTransport]:
        assert self._process is not None
        found = [self._process.get_pipe_transport(fd) for fd in self._open]
        return [cast(asyncio.ReadTransport, pipe) for pipe in found if pipe is not None]
