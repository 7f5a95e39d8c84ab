"""A build as its handler sees it, and what a handler may come to."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .blobs import BlobError, Blobs
from .commands import CHUNK_BYTES, GRACE_MS, CommandResult, Stream, environment_of, run_command
from .errors import Cancelled
from .frames import Message
from .messages import MessageType, present
from .outcomes import BuildResult, completed_in, failed, final_of, final_of_error
from .work import CancelReason, Final, Send, Wait

T = TypeVar("T")


@dataclass(frozen=True)
class BuildOptions:
    """What the master says about how to build."""

    command: Sequence[str] = ()
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    #: Files by their content: maps of `path`, `sha256`, `size`, `mode` and perhaps `link`.
    inputs: Sequence[Mapping[str, Any]] = ()
    outputs: Sequence[str] = ()
    timeout_ms: float | None = None
    #: Everything that was in the message, keys that are not known here included.
    raw: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(options: Mapping[str, Any]) -> BuildOptions:
        """Reads the `options` of a BUILD_REQUEST."""
        return BuildOptions(
            command=tuple(options.get("command") or ()),
            cwd=options.get("cwd"),
            env=dict(options.get("env") or {}),
            inputs=tuple(options.get("inputs") or ()),
            outputs=tuple(options.get("outputs") or ()),
            timeout_ms=options.get("timeout_ms"),
            raw=dict(options),
        )


class Build:
    """One build in the hands of an `async def` handler."""

    def __init__(
        self,
        request: Mapping[str, Any],
        send: Send,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        own_group: bool = True,
        blobs: Blobs | None = None,
        pass_env: Iterable[str] = (),
    ) -> None:
        self.id: str = request["build_id"]
        self.target: str = request["target"]
        self.options = BuildOptions.of(request["options"])
        #: Which giving-out of the build this is; None where the master does not count them.
        self.epoch: int | None = request.get("epoch")
        #: Milliseconds between SIGTERM and SIGKILL of a command, once the build is cancelled.
        self.grace_ms: float = GRACE_MS
        self._send = send
        self._loop = loop
        self._own_group = own_group
        #: Where the worker fetches and stores files; None where it was not told.
        self.blobs = blobs
        self._pass_env = tuple(pass_env)
        self._cancelled = threading.Event()

    @property
    def timeout_ms(self) -> float | None:
        """Milliseconds that the build may take."""
        return self.options.timeout_ms

    @property
    def cancelled(self) -> bool:
        """Nobody waits for this build any more."""
        return self._cancelled.is_set()

    def mark_cancelled(self) -> None:
        """Says so to a handler that looks at `cancelled`."""
        self._cancelled.set()

    def arguments(self, function: Callable[..., Any], wait: Wait | None) -> tuple[Any, ...]:
        """What a handler is called with."""
        return (self if wait is None else BlockingBuild(self, wait),)

    def request(self) -> tuple[int, Mapping[str, Any]]:
        """Type and payload of the message that this build came with."""
        options = dict(self.options.raw)
        return MessageType.BUILD_REQUEST, present(
            build_id=self.id, target=self.target, options=options, epoch=self.epoch
        )

    async def begin(self) -> None:
        """Tells the master that it begins."""
        await self._send(MessageType.BUILD_STARTED, {"build_id": self.id})

    async def relay(self, message: Message) -> None:
        """Hands on the progress that a process of its own has told."""
        payload = message.payload
        await self.progress(payload.get("done"), payload.get("total"), payload.get("message"))

    async def flush(self) -> None:
        """Output is sent as it comes."""

    async def trace(self, text: str) -> None:
        """Whoever reads the output wants to know where an error came from."""
        await self.write(text, "stderr")

    def final_of(self, result: object) -> Final:
        """What a value that the handler returned means."""
        return final_of(result)

    def final_of_error(self, error: BaseException) -> Final:
        """What an exception that the handler raised means."""
        return final_of_error(error)

    def final_without_end(self, reason: CancelReason) -> Final:
        """What it means that the handler was ended."""
        if reason == "timeout":
            return failed("timeout", f"The build took longer than {self.options.timeout_ms:g} ms.")
        return failed("cancelled", "The build was cancelled.")

    def named(self, final: Final, took_ms: float) -> Mapping[str, Any]:
        """The payload of the final message with what belongs to it."""
        return {**completed_in(final, took_ms), **present(build_id=self.id, epoch=self.epoch)}

    async def progress(
        self, done: float | None = None, total: float | None = None, message: str | None = None
    ) -> None:
        """Tells how far the build is."""
        await self._tell(present(build_id=self.id, done=done, total=total, message=message))

    async def write(self, output: str | bytes, stream: Stream = "stdout") -> None:
        """Sends output as it is produced. Waits while the master is slow."""
        data = output.encode("utf-8", "replace") if isinstance(output, str) else output
        for at in range(0, len(data), CHUNK_BYTES):
            await self._tell({"build_id": self.id, "stream": stream, "chunk": bytes(data[at : at + CHUNK_BYTES])})

    async def run(
        self, command: Sequence[str] | None = None, *, cwd: str | None = None, env: Mapping[str, str] | None = None
    ) -> CommandResult:
        """Runs a command (that of the options by default) without a shell and streams its output.

        A command of the handler's own has all of the worker's environment; that of the options, which the master chose, what
        every program counts on and the names in the worker's `pass_env`. Raises `CommandNotStarted`. A build that is cancelled
        ends the command's whole process group.
        """

        async def write(stream: Stream, chunk: bytes) -> None:
            await self.write(chunk, stream)

        return await run_command(
            self.options.command if command is None else command,
            write,
            cwd=self.options.cwd if cwd is None else cwd,
            env={**self.options.env, **(env or {})},
            grace_ms=lambda: self.grace_ms,
            own_group=self._own_group,
            inherited=environment_of(self._pass_env) if command is None else None,
        )

    async def fetch_inputs(self, folder: str | os.PathLike[str]) -> None:
        """Puts the inputs of the options into a folder, each held against its digest. Raises `BlobError`."""
        await self._blobs().fetch(self.options.inputs, folder)

    async def store_outputs(self, folder: str | os.PathLike[str]) -> list[dict[str, Any]]:
        """Stores what the outputs of the options name in a folder; the answer is for `BuildResult.artifacts`. Raises `BlobError`."""
        return await self._blobs().store(self.options.outputs, folder)

    def _blobs(self) -> Blobs:
        if self.blobs is None:
            raise BlobError("this worker has no blobs_url, or the handler works in a process of its own")
        return self.blobs

    async def _tell(self, payload: Mapping[str, Any]) -> None:
        sending = self._send(MessageType.BUILD_PROGRESS, payload)
        if self._loop is None or asyncio.get_running_loop() is self._loop:
            await sending
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(sending, self._loop))


class BlockingBuild:
    """One build in the hands of a plain `def` handler, which works in a thread or process of its own."""

    def __init__(self, build: Build, wait: Wait) -> None:
        self._build = build
        self._wait = wait

    @property
    def id(self) -> str:
        """The build's id."""
        return self._build.id

    @property
    def target(self) -> str:
        """What is to be built."""
        return self._build.target

    @property
    def options(self) -> BuildOptions:
        """How it is to be built."""
        return self._build.options

    @property
    def epoch(self) -> int | None:
        """Which giving-out of the build this is."""
        return self._build.epoch

    @property
    def cancelled(self) -> bool:
        """Nobody waits for this build any more: return soon."""
        return self._build.cancelled

    def progress(self, done: float | None = None, total: float | None = None, message: str | None = None) -> None:
        """Tells how far the build is. Raises `Cancelled` once nobody waits for it."""
        self._call(self._build.progress(done, total, message))

    def write(self, output: str | bytes, stream: Stream = "stdout") -> None:
        """Sends output as it is produced. Waits while the master is slow. Raises `Cancelled`."""
        self._call(self._build.write(output, stream))

    def run(
        self, command: Sequence[str] | None = None, *, cwd: str | None = None, env: Mapping[str, str] | None = None
    ) -> CommandResult:
        """Runs a command and streams its output. Raises `CommandNotStarted`, `Cancelled`."""
        return self._call(self._build.run(command, cwd=cwd, env=env))

    def fetch_inputs(self, folder: str | os.PathLike[str]) -> None:
        """Puts the inputs of the options into a folder. Raises `BlobError`, `Cancelled`."""
        self._call(self._build.fetch_inputs(folder))

    def store_outputs(self, folder: str | os.PathLike[str]) -> list[dict[str, Any]]:
        """Stores what the outputs of the options name in a folder. Raises `BlobError`, `Cancelled`."""
        return self._call(self._build.store_outputs(folder))

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if self._build.cancelled:
            coroutine.close()
            raise Cancelled("the build was cancelled")
        result: T = self._wait(coroutine)
        return result
