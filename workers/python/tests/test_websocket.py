"""A worker over WebSocket, against a server of the library that passes on what its handler is told to say."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from rig import a_worker, until
from sluice_worker import Build, Message, MessageType, Refused
from sluice_worker.frames import decode_message, encode_message
from sluice_worker.websocket import websocket_url

Peer = Callable[[ServerConnection], Awaitable[None]]


async def say(socket: ServerConnection, kind: MessageType, **payload: Any) -> None:
    """Sends one message as a master does."""
    await socket.send(encode_message(Message(type=int(kind), payload=payload, runtime="bun")))


async def hear(socket: ServerConnection, kind: MessageType) -> Message:
    """The next message of this type."""
    while True:
        body = await socket.recv()
        assert isinstance(body, bytes)
        message = decode_message(body)
        if message.type == kind:
            return message


async def with_peer(peer: Peer, use: Callable[[str], Awaitable[None]]) -> None:
    """Uses the URL of a server whose connections `peer` has."""
    async with serve(peer, "127.0.0.1", 0, max_size=None, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        await use(f"ws://127.0.0.1:{port}")


async def test_a_build_with_megabytes_of_output_crosses_and_what_waits_is_sent_before_the_end() -> None:
    worker = a_worker()
    chunk = b"x" * 100_000

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> str:
        for _ in range(50):
            await build.write(chunk)
        return "done"

    heard = asyncio.get_running_loop().create_future()

    async def peer(socket: ServerConnection) -> None:
        assert socket.request is not None and socket.request.path == "/worker"
        await hear(socket, MessageType.HELLO)
        await say(socket, MessageType.HELLO_ACK, accepted=True)
        await say(socket, MessageType.BUILD_REQUEST, build_id="b1", target="t", options={}, epoch=1)
        size = 0
        while size < 5_000_000:
            size += len((await hear(socket, MessageType.BUILD_PROGRESS)).payload["chunk"])
        heard.set_result((size, (await hear(socket, MessageType.BUILD_COMPLETED)).payload["status"]))
        await socket.wait_closed()

    async def use(url: str) -> None:
        await worker.connect_url(url)
        assert await asyncio.wait_for(heard, 20) == (5_000_000, "success")
        await worker.close()
        assert not worker.connected

    await with_peer(peer, use)


async def test_it_comes_back_when_the_connection_is_lost_and_after_what_is_no_frame() -> None:
    worker = a_worker()
    endings: list[Any] = ["text", b"\xc1", None]
    errors: list[str] = []

    async def peer(socket: ServerConnection) -> None:
        await hear(socket, MessageType.HELLO)
        await say(socket, MessageType.HELLO_ACK, accepted=True)
        if not endings:
            await socket.wait_closed()
            return
        ending = endings.pop(0)
        if ending is None:
            socket.transport.abort()
            return
        await socket.send(ending)
        errors.append((await hear(socket, MessageType.ERROR)).payload["code"])

    async def use(url: str) -> None:
        await worker.connect_url(url)
        await until(lambda: not endings and worker.connected, "the fourth connection")
        assert errors == ["frame_bad_msgpack", "frame_bad_msgpack"]
        await worker.close()

    await with_peer(peer, use)


async def test_who_is_refused_is_told_and_who_is_no_master_cannot_be_reached() -> None:
    async def refuses(socket: ServerConnection) -> None:
        await hear(socket, MessageType.HELLO)
        await say(socket, MessageType.HELLO_ACK, accepted=False, reason="no such token")

    async def use(url: str) -> None:
        with pytest.raises(Refused, match="no such token"):
            await a_worker().connect_url(url)

    await with_peer(refuses, use)

    async def answers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answers, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionError, match="is no master's WebSocket"):
            await a_worker().connect_url(f"ws://127.0.0.1:{port}")


async def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websockets.asyncio.client", None)
    with pytest.raises(ValueError, match=r"pip install 'sluice-worker\[ws\]'"):
        await a_worker().connect_url("ws://127.0.0.1:1")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("ws://localhost:7890", "ws://localhost:7890/worker"),
        ("wss://build.example/", "wss://build.example/worker"),
        ("wss://build.example/far/worker", "wss://build.example/far/worker"),
    ],
)
def test_the_path_is_that_of_the_server_where_none_is_given(address: str, url: str) -> None:
    assert websocket_url(address) == url


@pytest.mark.parametrize("address", ["ws://192.0.2.1:7890", "http://localhost", "ws://", "wss://a/worker?token=b"])
def test_other_machines_and_other_urls_are_refused(address: str) -> None:
    with pytest.raises(ValueError):
        websocket_url(address)
