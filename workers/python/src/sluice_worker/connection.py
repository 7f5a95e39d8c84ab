"""One connection of the worker protocol over TCP or TLS: frames in and out, with back-pressure on both ways."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from ipaddress import ip_address
from typing import Any, Protocol

from .frames import FRAME_BYTES_MAX, FrameDecoder, FrameError, Message, encode_frame
from .messages import MessageType, present

#: Bytes asked of the socket at a time.
READ_BYTES = 65_536
#: A peer that does not take the last bytes within this time does without them.
CLOSE_TIMEOUT_MS = 2_000
#: Bytes that may wait for the socket before whoever sends has to wait, too.
WRITE_BUFFER_BYTES_MAX = 262_144


def is_loopback(host: str) -> bool:
    """Whether what is sent to `host` stays on this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def client_tls(ca_file: str | None = None) -> ssl.SSLContext:
    """TLS that checks the master's name and certificate, against `ca_file` or what the machine trusts."""
    return ssl.create_default_context(cafile=ca_file)


def server_tls(cert_file: str, key_file: str) -> ssl.SSLContext:
    """TLS for a master, with its certificate chain and private key (PEM)."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert_file, key_file)
    return context


class Wire(Protocol):
    """What a link needs of a connection, whatever it goes over."""

    def post(self, kind: MessageType | int, payload: Mapping[str, Any]) -> str:
        """Sends without waiting; the message's id. Raises `ConnectionError` when the peer is gone."""

    def post_error(self, code: str, text: str, request_id: str | None = None) -> None:
        """Tells the peer what is wrong, if it still listens."""

    async def drain(self) -> None:
        """Waits until there is room for more."""

    def messages(self) -> AsyncIterator[Message]:
        """The messages that arrive, until the peer closes."""

    async def close(self) -> None:
        """Sends what waits, then closes."""

    def abort(self) -> None:
        """Closes at once."""


class Connection:
    """Sends and receives messages. What it raises when the peer is gone is `ConnectionError`."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, frame_bytes_max: int = FRAME_BYTES_MAX
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = FrameDecoder(frame_bytes_max)
        self._frame_bytes_max = frame_bytes_max
        # Before Python 3.11 only one coroutine may wait for a stream to drain.
        self._draining = asyncio.Lock()
        writer.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES_MAX)

    @property
    def peer(self) -> str:
        """Address of the other side, for people."""
        name = self._writer.get_extra_info("peername")
        return f"{name[0]}:{name[1]}" if isinstance(name, tuple) and len(name) >= 2 else str(name or "unknown")

    @property
    def is_closing(self) -> bool:
        """The connection is closed, or about to be."""
        return self._writer.is_closing()

    async def send(self, kind: MessageType | int, payload: Mapping[str, Any]) -> str:
        """Sends one message and waits until the socket has room again; the message's id.

        Raises `FrameError` for what cannot be a frame.
        """
        message_id = self.post(kind, payload)
        await self.drain()
        return message_id

    async def drain(self) -> None:
        """Waits until the socket has room for more."""
        async with self._draining:
            await self._writer.drain()

    def post(self, kind: MessageType | int, payload: Mapping[str, Any]) -> str:
        """Sends without waiting: for answers that are small and few. The message's id."""
        message = Message(type=int(kind), payload=payload)
        frame = encode_frame(message, self._frame_bytes_max)
        if self._writer.is_closing():
            raise ConnectionResetError("the connection is closed")
        self._writer.write(frame)
        return message.id

    def post_error(self, code: str, text: str, request_id: str | None = None) -> None:
        """Tells the peer what is wrong, if it still listens."""
        with contextlib.suppress(ConnectionError):
            self.post(MessageType.ERROR, present(request_id=request_id, code=code, message=text))

    async def messages(self) -> AsyncIterator[Message]:
        """The messages that arrive, until the peer closes. A bad frame is answered once, then `FrameError` is raised.

        While the consumer is busy nothing is read: the peer is slowed by its own socket.
        """
        while True:
            chunk = await self._reader.read(READ_BYTES)
            if not chunk:
                return
            try:
                received = self._decoder.push(chunk)
            except FrameError as error:
                for message in error.received:
                    yield message
                self.post_error(error.code, str(error))
                raise
            for message in received:
                yield message

    async def close(self) -> None:
        """Sends what waits, as long as the peer takes it, then closes. Never raises."""
        self._writer.close()
        try:
            await asyncio.wait_for(self._writer.wait_closed(), CLOSE_TIMEOUT_MS / 1000)
        except (ConnectionError, ssl.SSLError, OSError, asyncio.TimeoutError, TimeoutError):
            self.abort()

    def abort(self) -> None:
        """Closes at once, whatever waits to be sent."""
        self._writer.transport.abort()


