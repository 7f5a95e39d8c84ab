"""What the tests share: a peer that says exactly what it is told to, a line that can be cut, and ways to wait."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from sluice_worker import Backoff, MasterDaemon, Message, MessageType, Worker, encode_frame
from sluice_worker.frames import FrameDecoder

quiet = logging.getLogger("sluice_worker.tests")
quiet.setLevel(logging.CRITICAL)

QUICK = Backoff(first_ms=5, max_ms=20)
WAIT_SECONDS_MAX = 20


async def until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Waits for a condition, never for a time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + WAIT_SECONDS_MAX
    while not condition():
        if loop.time() > end:
            raise AssertionError(f"{what} did not come true within {WAIT_SECONDS_MAX} s")
        await asyncio.sleep(0.002)


class RawPeer:
    """One end of a connection, with nothing between the test and the wire."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.decoder = FrameDecoder()
        self.waiting: list[Message] = []

    def send(self, kind: int, **payload: Any) -> str:
        """Sends one message; its id."""
        message = Message(type=int(kind), payload=payload)
        self.writer.write(encode_frame(message))
        return message.id

    def write(self, data: bytes) -> None:
        """Sends bytes, whatever they are."""
        self.writer.write(data)

    async def next(self) -> Message | None:
        """The next message; None at the end of the stream."""
        while not self.waiting:
            try:
                chunk = await asyncio.wait_for(self.reader.read(65_536), WAIT_SECONDS_MAX)
            except ConnectionError:
                return None
            if not chunk:
                return None
            self.waiting.extend(self.decoder.push(chunk))
        return self.waiting.pop(0)

    async def expect(self, kind: MessageType) -> Message:
        """The next message of a type; heartbeats before it are passed over."""
        while True:
            message = await self.next()
            assert message is not None, f"the connection ended before {kind.name}"
            if message.type == kind:
                return message
            assert message.type in (MessageType.HEARTBEAT, MessageType.HEARTBEAT_ACK), (kind.name, message)

    async def hello(self, worker_id: str = "raw", **payload: Any) -> Message:
        """Says HELLO; the answer."""
        self.send(MessageType.HELLO, worker_id=worker_id, **{"capabilities": ["build"], **payload})
        return await self.expect(MessageType.HELLO_ACK)

    async def ended(self) -> list[Message]:
        """What still arrives until the other side closes."""
        left: list[Message] = []
        while (message := await self.next()) is not None:
            left.append(message)
        return left

    async def close(self) -> None:
        """Closes this end."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def raw(port: int) -> AsyncIterator[RawPeer]:
    """A connection to a port of this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    peer = RawPeer(reader, writer)
    try:
        yield peer
    finally:
        await peer.close()


@contextlib.asynccontextmanager
async def a_master(**options: Any) -> AsyncIterator[MasterDaemon]:
    """A master on a free port."""
    async with MasterDaemon(log=quiet, **options) as master:
        yield master


def a_worker(worker_id: str = "w-1", **options: Any) -> Worker:
    """A worker that comes back quickly."""
    settings: dict[str, Any] = {"heartbeat_ms": 200, "backoff": QUICK, "log": quiet, "drain_ms": 10_000}
    return Worker(worker_id, **{**settings, **options})


@contextlib.asynccontextmanager
async def connected(worker: Worker, port: int) -> AsyncIterator[asyncio.Task[None]]:
    """A worker at work; the task is its `run()`."""
    await worker.connect("127.0.0.1", port)
    running = asyncio.ensure_future(worker.run())
    try:
        yield running
    finally:
        await worker.close()
        await asyncio.gather(running, return_exceptions=True)


class Line:
    """A TCP line to a port, which can be cut and stopped."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.AbstractServer | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._up = True
        self.port = 0
        self.connections = 0

    async def __aenter__(self) -> Line:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self, *, stay_down: bool = False) -> None:
        """Breaks every connection at once; with `stay_down` new ones break too."""
        self._up = not stay_down
        for writer in list(self._writers):
            writer.transport.abort()

    def mend(self) -> None:
        """New connections hold again."""
        self._up = True

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        if not self._up:
            writer.transport.abort()
            return
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            self._writers -= {writer, far_writer}
            writer.transport.abort()
            far_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
