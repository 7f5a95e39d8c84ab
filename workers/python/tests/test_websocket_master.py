"""A Python master that listens on WebSocket as well."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from rig import a_master, a_worker, connected, until
from sluice_worker import Build, MasterDaemon, Message, MessageType, Refused, Worker
from sluice_worker.connection import client_tls, server_tls
from sluice_worker.frames import decode_message, encode_message


def url_of(master: MasterDaemon, scheme: str = "ws") -> str:
    return f"{scheme}://localhost:{master.websocket_port}"


@asynccontextmanager
async def over_websocket(worker: Worker, master: MasterDaemon) -> AsyncIterator[None]:
    """A worker at work."""
    await worker.connect_url(url_of(master))
    running = asyncio.ensure_future(worker.run())
    try:
        yield
    finally:
        await worker.close()
        await asyncio.gather(running, return_exceptions=True)


async def say(socket: ClientConnection, kind: MessageType, **payload: object) -> None:
    await socket.send(encode_message(Message(type=int(kind), payload=payload)))


async def hear(socket: ClientConnection, kind: MessageType) -> Message:
    """The next message of this type."""
    while True:
        body = await asyncio.wait_for(socket.recv(), 20)
        assert isinstance(body, bytes)
        message = decode_message(body)
        if message.type == kind:
            return message


async def test_builds_locks_and_megabytes_cross_and_both_ways_in_lead_to_one_master() -> None:
    far, near = a_worker("far", capabilities=["build", "far"]), a_worker("near")
    chunk = b"x" * 100_000

    @far.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> str:
        for _ in range(50):
            await build.write(chunk)
        async with far.locks.hold("deploy", ttl_ms=30_000) as lock:
            return f"{build.target}, fenced: {lock.fence > 0}"

    async with a_master(websocket_port=0) as master, over_websocket(far, master), connected(near, master.port):
        assert [info.worker_id for info in master.workers()] == ["far", "near"]
        dispatched = await master.dispatch_build("web", labels=["runtime=python"], capabilities=["far"])
        seen = 0
        async for event in dispatched.events():
            seen += len(event.chunk) if event.kind == "output" else 0
        assert seen == 5_000_000
        assert (await dispatched.result()).output == "web, fenced: True"


async def test_a_worker_comes_back_to_its_build_and_the_master_leaves_in_order() -> None:
    worker = a_worker()
    go = asyncio.Event()

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(_: Build) -> str:
        await go.wait()
        return "done"

    accepted: list[Message] = []
    worker.on(MessageType.HELLO_ACK)(accepted.append)
    async with a_master(websocket_port=0, reconnect_grace_ms=20_000) as master:
        async with over_websocket(worker, master):
            dispatched = await master.dispatch_build("t")
            await until(lambda: worker.running == 1, "the build")
            for peer in list(master._serving):
                peer._connection.abort()
            await until(lambda: len(accepted) == 2, "the second connection")
            go.set()
            result = await dispatched.result()
            assert (result.output, dispatched.epoch) == ("done", 1)
            await master.stop()
            await until(lambda: not worker.connected, "the end of the connection")


async def test_who_has_no_token_is_refused_and_a_credential_is_given() -> None:
    async with a_master(websocket_port=0, tokens=["a-token"]) as master:
        with pytest.raises(Refused, match="A token is needed"):
            await a_worker().connect_url(url_of(master))
        worker = a_worker(token="a-token")
        async with over_websocket(worker, master):
            assert worker.connected
        # A page has no token: what it says of itself does not matter.
        async with connect(f"{url_of(master)}/worker", origin="https://page.example") as socket:  # type: ignore[arg-type]
            await say(socket, MessageType.HELLO, worker_id="page", capabilities=[])
            assert (await hear(socket, MessageType.HELLO_ACK)).payload["accepted"] is False


async def test_other_paths_and_pages_are_turned_away_and_what_is_no_frame_ends_one_connection() -> None:
    worker = a_worker()
    async with a_master(websocket_port=0, frame_bytes_max=100_000) as master, over_websocket(worker, master):
        with pytest.raises(InvalidStatus) as lost:
            await connect(f"{url_of(master)}/other")
        with pytest.raises(InvalidStatus) as page:
            await connect(f"{url_of(master)}/worker", origin="https://page.example")  # type: ignore[arg-type]
        assert [lost.value.response.status_code, page.value.response.status_code] == [404, 403]
        for bad, code in ((b"\xc1", "frame_bad_msgpack"), ("text", "frame_bad_msgpack")):
            async with connect(f"{url_of(master)}/worker") as socket:
                await socket.send(bad)
                assert (await hear(socket, MessageType.ERROR)).payload["code"] == code
        async with connect(f"{url_of(master)}/worker") as socket:
            with pytest.raises(ConnectionClosed) as closed:
                await socket.send(b"\x00" * 100_001)
                await asyncio.wait_for(socket.recv(), 20)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
        assert worker.connected


async def test_over_tls_it_is_wss(certificate: tuple[str, str]) -> None:
    worker = a_worker(token="t")
    async with a_master(websocket_port=0, tokens=["t"], tls=server_tls(*certificate)) as master:
        await worker.connect_url(url_of(master, "wss"), tls=client_tls(certificate[0]))
        assert worker.connected
        await worker.close()


async def test_without_the_library_it_says_what_to_install_and_listens_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websockets.asyncio.server", None)
    master = MasterDaemon(websocket_port=0)
    with pytest.raises(ValueError, match=r"pip install 'sluice-worker\[ws\]'"):
        await master.start()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", master.port)
