"""One connection of the worker protocol over WebSocket, for masters behind HTTP: one frame a binary message, without its length prefix.

It needs the library `websockets`, which the extra `sluice-worker[ws]` brings; nothing else in this package does.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .connection import CLOSE_TIMEOUT_MS, WRITE_BUFFER_BYTES_MAX, client_tls, is_loopback
from .frames import FRAME_BYTES_MAX, FrameError, Message, decode_message, encode_message
from .messages import MessageType, present

if TYPE_CHECKING:
    from websockets.asyncio.connection import Connection

#: What is said where the library is missing.
NEEDS_LIBRARY = "a WebSocket needs the library websockets: pip install 'sluice-worker[ws]'"
#: Path of a master's WebSocket.
PATH = "/worker"

#: Messages that are read ahead of whoever takes them.
READ_AHEAD_MAX = 4


def is_websocket(address: str) -> bool:
    """Whether an address is one for `dial_websocket`."""
    return address.startswith(("ws://", "wss://"))


def websocket_url(address: str) -> str:
    """The URL of a master's WebSocket: `/worker` where the address has no path.

    Raises `ValueError` for what is no such URL, and for another machine without TLS.
    """
    parts = urlsplit(address)
    if not is_websocket(address) or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{address!r} is no ws://HOST:PORT or wss://HOST:PORT")
    if parts.scheme == "ws" and not is_loopback(parts.hostname):
        raise ValueError(f"{parts.hostname} is another machine: a token may travel there over TLS only (wss://…)")
    return parts._replace(path=PATH if parts.path in ("", "/") else parts.path).geturl()


async def dial_websocket(url: str, tls: ssl.SSLContext | None) -> WebSocketConnection:
    """Connects. Raises `ValueError` without the library, and `OSError` where the master cannot be reached."""
    try:
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException
    except ImportError:
        raise ValueError(NEEDS_LIBRARY) from None
    context = (tls or client_tls()) if url.startswith("wss:") else None
    try:
        # Heartbeats tell whether the master is there.
        socket = await connect(
            url,
            ssl=context,
            compression=None,
            ping_interval=None,
            open_timeout=None,
            close_timeout=CLOSE_TIMEOUT_MS / 1000,
            max_size=FRAME_BYTES_MAX,
            max_queue=READ_AHEAD_MAX,
            write_limit=WRITE_BUFFER_BYTES_MAX,
        )
    except WebSocketException as error:
        raise ConnectionError(f"{url} is no master's WebSocket: {error}") from None
    return WebSocketConnection(socket)


class WebSocketConnection:
    """Sends and receives messages, as `Connection` does. What it raises when the peer is gone is `ConnectionError`."""

    def __init__(self, socket: Connection, frame_bytes_max: int = FRAME_BYTES_MAX) -> None:
        self._socket = socket
        self._frame_bytes_max = frame_bytes_max
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._closing = False
        #: Some of it has been sent, or there is an end.
        self._changed = asyncio.Condition()
        self._posted = asyncio.Event()
        self._writer = asyncio.ensure_future(self._write())

    def post(self, kind: MessageType | int, payload: Mapping[str, Any]) -> str:
        """Sends without waiting; the message's id."""
        message = Message(type=int(kind), payload=payload)
        body = encode_message(message, self._frame_bytes_max)
        if self._closing:
            raise ConnectionResetError("the connection is closed")
        self._waiting.append(body)
        self._waiting_bytes += len(body)
        self._posted.set()
        return message.id

    def post_error(self, code: str, text: str, request_id: str | None = None) -> None:
        """Tells the peer what is wrong, if it still listens."""
        with contextlib.suppress(ConnectionError):
            self.post(MessageType.ERROR, present(request_id=request_id, code=code, message=text))

    async def drain(self) -> None:
        """Waits until there is room for more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._closing or self._waiting_bytes < WRITE_BUFFER_BYTES_MAX)

    async def messages(self) -> AsyncIterator[Message]:
        """The messages that arrive, until the peer closes. A bad one is answered once, then `FrameError` is raised."""
        from websockets.exceptions import ConnectionClosed

        while True:
            try:
                body = await self._socket.recv()
            except ConnectionClosed:
                return
            try:
                if isinstance(body, str):
                    raise FrameError("frame_bad_msgpack", "Frames are binary messages.")
                message = decode_message(body)
            except FrameError as error:
                self.post_error(error.code, str(error))
                await self._flush()
                raise
            yield message

    async def close(self) -> None:
        """Sends what waits, as long as the peer takes it, then closes. Never raises."""
        await self._flush()
        self._closing = True
        self._posted.set()
        await self._socket.close()
        await self._writer

    def abort(self) -> None:
        """Closes at once, whatever waits to be sent."""
        self._closing = True
        self._posted.set()
        self._socket.transport.abort()

    async def _flush(self) -> None:
        """Waits until everything is sent, as long as the peer takes it."""
        with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(self._sent(), CLOSE_TIMEOUT_MS / 1000)

    async def _sent(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._closing or self._waiting_bytes == 0)

    async def _write(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                await self._posted.wait()
                self._posted.clear()
                while self._waiting and not self._closing:
                    body = self._waiting.popleft()
                    await self._socket.send(body)
                    self._waiting_bytes -= len(body)
                    await self._tell()
                if self._closing:
                    return
        except ConnectionClosed:
            # Whoever reads learns of it.
            return
        finally:
            self._closing = True
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
