"""What a build tells those who watch it, and how a slow watcher slows the worker instead of filling the memory."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Literal

from ..commands import Stream

#: Events that wait for a watcher before the worker has to.
EVENTS_WAITING_MAX = 64


@dataclass(frozen=True)
class BuildEvent:
    """Something happened to a build."""

    #: `given`: to a worker. `started`, `progress`, `output`: by the worker. `returned`: taken from a worker that is gone.
    #: `ended`: nothing follows.
    kind: Literal["given", "started", "progress", "output", "returned", "ended"]
    worker_id: str | None = None
    epoch: int | None = None
    done: float | None = None
    total: float | None = None
    message: str | None = None
    stream: Stream | None = None
    chunk: bytes = b""


class _Buffer:
    def __init__(self) -> None:
        self.events: deque[BuildEvent] = deque()
        self.ready = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()
        self.closed = False

    def close(self) -> None:
        self.closed = True
        self.events.clear()
        self.ready.set()
        self.room.set()


class EventStream:
    """The events of a build from now on; ends with the build. While nobody takes them its worker waits."""

    def __init__(self, buffer: _Buffer) -> None:
        self._buffer = buffer
        self._over = False
        # A watcher that just stops looking must not hold up the worker for ever.
        weakref.finalize(self, buffer.close)

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> BuildEvent:
        buffer = self._buffer
        while not buffer.events:
            if self._over or buffer.closed:
                raise StopAsyncIteration
            buffer.ready.clear()
            await buffer.ready.wait()
        event = buffer.events.popleft()
        if len(buffer.events) < EVENTS_WAITING_MAX:
            buffer.room.set()
        self._over = event.kind == "ended"
        return event

    def close(self) -> None:
        """Stops watching."""
        self._buffer.close()


class Watchers:
    """Those who watch one build."""

    def __init__(self) -> None:
        self._buffers: list[_Buffer] = []

    def add(self, last: BuildEvent | None) -> EventStream:
        """Another watcher; `last` is the end of a build that is over."""
        buffer = _Buffer()
        if last is None:
            self._buffers.append(buffer)
        else:
            buffer.events.append(last)
        return EventStream(buffer)

    def tell(self, event: BuildEvent) -> None:
        """Without waiting: for the few events that the master makes itself."""
        self._buffers = [buffer for buffer in self._buffers if not buffer.closed]
        for buffer in self._buffers:
            buffer.events.append(event)
            buffer.ready.set()
            if len(buffer.events) >= EVENTS_WAITING_MAX:
                buffer.room.clear()

    async def deliver(self, event: BuildEvent) -> None:
        """Waits until every watcher has room."""
        self.tell(event)
        for buffer in list(self._buffers):
            await buffer.room.wait()
