"""Builds in a worker's hands: what runs, what waits for a slot, what has ended and may not have reached the master."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from .builds import Build, CancelReason
from .calls import Handler
from .commands import CommandNotStarted
from .errors import NotConnected, SluiceError
from .frames import FrameError
from .messages import MessageType
from .outcomes import Final, failed, final_of, final_of_error

#: Builds that may wait for a slot; a master that counts slots never needs it.
WAITING_MAX = 1_000

Send = Callable[[MessageType, Mapping[str, Any]], Coroutine[Any, Any, None]]


class _Execution:
    def __init__(self, build: Build) -> None:
        self.build = build
        self.task: asyncio.Task[None] | None = None
        self.reason: CancelReason | None = None

    def cancel(self, reason: CancelReason, grace_ms: float | None) -> None:
        if self.reason is not None or self.task is None:
            return
        self.reason = reason
        if grace_ms is not None:
            self.build.grace_ms = grace_ms
        self.build.mark_cancelled()
        self.task.cancel()


class Executions:
    """The builds of one worker."""

    def __init__(
        self,
        handler: Callable[[], Handler],
        send: Send,
        when_read: Callable[[Callable[[], None]], None],
        *,
        slots: int,
    ) -> None:
        self._handler = handler
        self._send = send
        self._when_read = when_read
        self._slots = asyncio.Semaphore(slots)
        self._executions: dict[str, _Execution] = {}
        #: Ends that were sent and that the master has not been seen to have read, with the epoch they belong to.
        self._unread: dict[str, tuple[MessageType, dict[str, Any]]] = {}
        # The event loop itself keeps only weak references to tasks.
        self._sending: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._executions)

    def running(self) -> list[dict[str, Any]]:
        """What HELLO and HEARTBEAT announce: also what has ended, until the master is known to know it."""
        held = {id: execution.build.epoch or 0 for id, execution in self._executions.items()}
        ended = {id: payload.get("epoch") or 0 for id, (_, payload) in self._unread.items()}
        return [{"build_id": id, "epoch": epoch} for id, epoch in {**ended, **held}.items()]

    def start(self, request: Mapping[str, Any]) -> str | None:
        """Begins a build, or has it wait for a slot. An error code where it is not taken."""
        build_id, epoch = request["build_id"], request.get("epoch")
        held = self._executions.get(build_id)
        if held is not None:
            if epoch is None or epoch <= (held.build.epoch or 0):
                # A master that has not heard that it runs may ask again.
                return None
            held.cancel("superseded", 0)
        elif len(self._executions) >= WAITING_MAX:
            return "worker_busy"
        self._unread.pop(build_id, None)
        build = Build(request, self._send, loop=asyncio.get_running_loop())
        execution = _Execution(build)
        self._executions[build_id] = execution
        self._idle.clear()
        execution.task = asyncio.ensure_future(self._run(execution))
        return None

    def cancel(self, build_id: str, grace_ms: float | None) -> None:
        """The master does not want the build any more."""
        self._unread.pop(build_id, None)
        execution = self._executions.get(build_id)
        if execution is not None:
            execution.cancel("cancelled", grace_ms)

    async def idle(self, timeout_ms: float) -> bool:
        """Waits until nothing runs. False when the time is over first."""
        with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(self._idle.wait(), timeout_ms / 1000)
            return True
        return False

    async def read(self, timeout_ms: float) -> None:
        """Waits until the master has read all that has ended, as long as the time lasts."""
        if not self._unread:
            return
        heard = asyncio.Event()
        self._when_read(heard.set)
        with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(heard.wait(), timeout_ms / 1000)

    async def hand_back(self, grace_ms: float) -> None:
        """Ends what runs without saying how: the master gives it out again."""
        tasks = [execution.task for execution in self._executions.values() if execution.task is not None]
        for execution in list(self._executions.values()):
            execution.cancel("handed_back", grace_ms)
        await asyncio.gather(*tasks, return_exceptions=True)

    def reconnected(self) -> None:
        """Says again what may have been lost with the connection before."""
        for build_id, (kind, payload) in list(self._unread.items()):
            self._spawn(self._tell_end(build_id, kind, payload))

    async def _run(self, execution: _Execution) -> None:
        build = execution.build
        try:
            async with self._slots:
                final = await self._final(execution)
        except asyncio.CancelledError:
            if execution.reason is None:
                raise
            final = failed("cancelled", "The build was cancelled before it began.")
        finally:
            if self._executions.get(build.id) is execution:
                del self._executions[build.id]
            if not self._executions:
                self._idle.set()
        if execution.reason in (None, "cancelled", "timeout"):
            await self._end(build, final)

    async def _final(self, execution: _Execution) -> Final:
        build, loop = execution.build, asyncio.get_running_loop()
        started = loop.time()
        timer: asyncio.TimerHandle | None = None
        if build.options.timeout_ms is not None:
            timer = loop.call_later(build.options.timeout_ms / 1000, execution.cancel, "timeout", None)
        try:
            await self._send(MessageType.BUILD_STARTED, {"build_id": build.id})
            final = final_of(await self._handler().call(build))
        except asyncio.CancelledError:
            if execution.reason is None:
                raise
            if execution.reason == "timeout":
                return failed("timeout", f"The build took longer than {build.options.timeout_ms:g} ms.")
            return failed("cancelled", "The build was cancelled.")
        except Exception as error:
            if not isinstance(error, (SluiceError, CommandNotStarted)):
                # Whoever reads the build's output wants to know where.
                await build.write("".join(traceback.format_exception(error)), "stderr")
            return final_of_error(error)
        finally:
            if timer is not None:
                timer.cancel()
        if final.kind == MessageType.BUILD_COMPLETED:
            return Final(final.kind, {**final.payload, "duration_ms": round((loop.time() - started) * 1000)})
        return final

    async def _end(self, build: Build, final: Final) -> None:
        named: dict[str, Any] = {"build_id": build.id}
        if build.epoch is not None:
            named["epoch"] = build.epoch
        payload = {**final.payload, **named}
        self._unread[build.id] = (final.kind, payload)
        try:
            await self._tell_end(build.id, final.kind, payload)
        except FrameError as error:
            # What the handler returned cannot travel, and that is what the build came to.
            instead = failed(error.code, f"The result cannot be sent: {error}.")
            payload = {**instead.payload, **named}
            self._unread[build.id] = (instead.kind, payload)
            await self._tell_end(build.id, instead.kind, payload)

    async def _tell_end(self, build_id: str, kind: MessageType, payload: dict[str, Any]) -> None:
        try:
            await self._send(kind, payload)
        except NotConnected:
            return
        self._when_read(lambda: self._read(build_id, payload))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _read(self, build_id: str, payload: dict[str, Any]) -> None:
        unread = self._unread.get(build_id)
        if unread is not None and unread[1] is payload:
            del self._unread[build_id]
