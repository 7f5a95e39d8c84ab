"""Listens for workers on WebSocket, where a port of its own for TCP cannot be opened or a proxy stands before the master.

It needs the library `websockets`, which the extra `sluice-worker[ws]` brings.
"""

from __future__ import annotations

import http
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..connection import CLOSE_TIMEOUT_MS, WRITE_BUFFER_BYTES_MAX, Wire
from ..websocket import NEEDS_LIBRARY, PATH, READ_AHEAD_MAX, WebSocketConnection

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

#: The request that opens a connection takes no longer.
OPEN_MS = 10_000


@dataclass(frozen=True)
class Listening:
    """How connections are taken."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    frame_bytes_max: int
    #: Nobody has to show a token: then a page in somebody's browser must not come in either.
    open: bool
    serve: Callable[[Wire], Awaitable[None]]


class WebSocketListener:
    """A port on which workers come in by WebSocket, at the path `/worker`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def port(self) -> int:
        """The one that was taken."""
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    @staticmethod
    async def listen(how: Listening) -> WebSocketListener:
        """Raises `ValueError` without the library, and `OSError` where the port is taken."""
        try:
            from websockets.asyncio.server import serve
        except ImportError:
            raise ValueError(NEEDS_LIBRARY) from None

        async def connected(socket: ServerConnection) -> None:
            await how.serve(WebSocketConnection(socket, how.frame_bytes_max))

        def judged(socket: ServerConnection, request: Request) -> Response | None:
            if request.path != PATH:
                return socket.respond(http.HTTPStatus.NOT_FOUND, f"Workers connect to {PATH}.\n")
            if how.open and "Origin" in request.headers:
                return socket.respond(http.HTTPStatus.FORBIDDEN, "Pages have no business here.\n")
            return None

        # Heartbeats tell whether a worker is there.
        server = await serve(
            connected,
            how.host,
            how.port,
            ssl=how.tls,
            process_request=judged,
            compression=None,
            ping_interval=None,
            open_timeout=OPEN_MS / 1000,
            close_timeout=CLOSE_TIMEOUT_MS / 1000,
            max_size=how.frame_bytes_max,
            max_queue=READ_AHEAD_MAX,
            write_limit=WRITE_BUFFER_BYTES_MAX,
            server_header=None,
        )
        return WebSocketListener(server)

    def close(self) -> None:
        """Takes nobody new; who is there stays."""
        self._server.close(close_connections=False)

    async def wait_closed(self) -> None:
        """Returns when everybody is gone."""
        await self._server.wait_closed()
