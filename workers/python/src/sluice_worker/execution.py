"""Work in a worker's hands: what runs, what waits for a slot, what has ended and may not have reached the master."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from .calls import Handler
from .commands import CommandNotStarted
from .errors import NotConnected, SluiceError
from .frames import FrameError
from .work import CancelReason, Final, Send, Work

#: Work that may wait for a slot; a master that counts slots never needs it.
WAITING_MAX = 1_000


class _Execution:
    def __init__(self, work: Work, handler: Handler) -> None:
        self.work = work
        self.handler = handler
        self.task: asyncio.Task[None] | None = None
        self.reason: CancelReason | None = None

    def cancel(self, reason: CancelReason, grace_ms: float | None) -> None:
        if self.reason is not None or self.task is None:
            return
        self.reason = reason
        if grace_ms is not None:
            self.work.grace_ms = grace_ms
        self.work.mark_cancelled()
        self.task.cancel()


class _Unread:
    """An end that was sent, and that the master has not been seen to have read."""

    def __init__(self, work: Work, kind: int, payload: Mapping[str, Any]) -> None:
        self.work = work
        self.kind = kind
        self.payload = payload


class Executions:
    """The builds and tasks of one worker."""

    def __init__(self, send: Send, when_read: Callable[[Callable[[], None]], None], *, slots: int) -> None:
        self._send = send
        self._when_read = when_read
        self._slots = asyncio.Semaphore(slots)
        self._executions: dict[str, _Execution] = {}
        self._unread: dict[str, _Unread] = {}
        # The event loop itself keeps only weak references to tasks.
        self._sending: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._executions)

    def running(self) -> list[dict[str, Any]]:
        """What HELLO and HEARTBEAT announce: also what has ended, until the master is known to know it."""
        works = [*(unread.work for unread in self._unread.values()), *self.held()]
        return [{"build_id": id, "epoch": epoch} for id, epoch in {work.id: work.epoch or 0 for work in works}.items()]

    def held(self) -> list[Work]:
        """What has not ended."""
        return [execution.work for execution in self._executions.values()]

    def start(self, work: Work, handler: Handler) -> str | None:
        """Begins it, or has it wait for a slot. An error code where it is not taken."""
        held = self._executions.get(work.id)
        if held is not None:
            if work.epoch is None or work.epoch <= (held.work.epoch or 0):
                # A master that has not heard that it runs may ask again.
                return None
            held.cancel("superseded", 0)
        elif len(self._executions) >= WAITING_MAX:
            return "worker_busy"
        self._unread.pop(work.id, None)
        execution = _Execution(work, handler)
        self._executions[work.id] = execution
        self._idle.clear()
        execution.task = asyncio.ensure_future(self._run(execution))
        return None

    def cancel(self, work_id: str, grace_ms: float | None, epoch: int | None = None) -> None:
        """The master does not want it any more."""
        execution = self._executions.get(work_id)
        if execution is None:
            self._unread.pop(work_id, None)
        elif epoch is None or epoch == execution.work.epoch:
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
        for unread in list(self._unread.values()):
            task = asyncio.ensure_future(self._tell(unread))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _run(self, execution: _Execution) -> None:
        work, loop = execution.work, asyncio.get_running_loop()
        started = loop.time()
        try:
            async with self._slots:
                started = loop.time()
                final = await self._final(execution)
        except asyncio.CancelledError:
            if execution.reason is None:
                raise
            final = work.final_without_end(execution.reason)
        finally:
            if self._executions.get(work.id) is execution:
                del self._executions[work.id]
            if not self._executions:
                self._idle.set()
        if execution.reason in (None, "cancelled", "timeout"):
            await self._end(work, final, (loop.time() - started) * 1000)

    async def _final(self, execution: _Execution) -> Final:
        work = execution.work
        timer: asyncio.TimerHandle | None = None
        if work.timeout_ms is not None:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(work.timeout_ms / 1000, execution.cancel, "timeout", None)
        try:
            await work.begin()
            return work.final_of(await execution.handler.call(work))
        except Exception as error:
            if not isinstance(error, (SluiceError, CommandNotStarted)):
                await work.trace("".join(traceback.format_exception(error)))
            return work.final_of_error(error)
        finally:
            if timer is not None:
                timer.cancel()

    async def _end(self, work: Work, final: Final, took_ms: float) -> None:
        try:
            await self._keep_and_tell(_Unread(work, final.kind, work.named(final, took_ms)))
        except FrameError as error:
            # What the handler returned cannot travel, and that is what it came to.
            instead = work.final_of_error(SluiceError(f"The result cannot be sent: {error}.", code=error.code))
            await self._keep_and_tell(_Unread(work, instead.kind, work.named(instead, took_ms)))

    async def _keep_and_tell(self, unread: _Unread) -> None:
        self._unread[unread.work.id] = unread
        await self._tell(unread)

    async def _tell(self, unread: _Unread) -> None:
        try:
            await self._send(unread.kind, unread.payload)
        except NotConnected:
            return
        self._when_read(lambda: self._read(unread))

    def _read(self, unread: _Unread) -> None:
        if self._unread.get(unread.work.id) is unread:
            del self._unread[unread.work.id]


