"""A worker that leaves, and what else it says of itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from rig import a_master, a_worker, connected, raw, until
from sluice_worker import Build, Message, MessageType


async def test_a_worker_that_is_asked_to_leave_finishes_first() -> None:
    worker, heir = a_worker("leaver"), a_worker("heir")
    gate = asyncio.Event()

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> str:
        await build.write("in\n")
        await gate.wait()
        return "finished"

    async with a_master() as master:
        await worker.connect("127.0.0.1", master.port)
        running = asyncio.ensure_future(worker.run())
        mine = await master.dispatch_build("t")
        await until(lambda: mine.output == b"in\n", "the handler")
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: getattr(worker, "_leaving"), "the signal")
        gate.set()
        assert (await mine.result()).output == "finished"
        await running
        await until(lambda: master.workers() == [], "its leaving")
        async with connected(heir, master.port):
            assert (await (await master.dispatch_build("t", {"command": ["true"]})).result()).worker_id == "heir"


async def test_what_does_not_end_in_time_is_handed_back() -> None:
    worker, heir = a_worker("leaver", drain_ms=50), a_worker("heir")

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> None:
        await build.run(["sleep", "600"])

    async with a_master(reconnect_grace_ms=20) as master:
        await worker.connect("127.0.0.1", master.port)
        running = asyncio.ensure_future(worker.run())
        dispatched = await master.dispatch_build("t", {"command": ["true"]})
        await until(lambda: worker.running == 1, "the build")
        async with connected(heir, master.port):
            await worker.stop()
            await running
            assert (await dispatched.result()).worker_id == "heir"
            assert dispatched.epoch == 2


async def test_what_is_given_to_a_worker_that_leaves_goes_to_another() -> None:
    worker, heir = a_worker("leaver", slots=2), a_worker("heir")
    gate = asyncio.Event()

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> None:
        await gate.wait()

    async with a_master() as master:
        await worker.connect("127.0.0.1", master.port)
        running = asyncio.ensure_future(worker.run())
        first = await master.dispatch_build("t")
        await until(lambda: worker.running == 1, "the build")
        stopping = asyncio.ensure_future(worker.stop())
        await asyncio.sleep(0)
        second = await master.dispatch_build("t", {"command": ["true"]})
        async with connected(heir, master.port):
            assert (await second.result()).worker_id == "heir"
            gate.set()
            await first.result()
            await asyncio.gather(stopping, running)


async def test_a_type_nobody_knows_is_answered_and_the_connection_stays() -> None:
    received: list[Message] = []
    again = asyncio.Event()

    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from rig import RawPeer

        peer = RawPeer(reader, writer)
        await peer.expect(MessageType.HELLO)
        peer.send(MessageType.HELLO_ACK, accepted=True)
        for kind, payload in ((0x7E, {}), (MessageType.HELLO, {}), (MessageType.BUILD_REQUEST, {"build_id": "b"})):
            peer.send(kind, **payload)
            received.append(await peer.expect(MessageType.ERROR))
        # An error is not answered with one.
        peer.send(MessageType.ERROR, code=1)
        peer.send(MessageType.HEARTBEAT)
        await peer.expect(MessageType.HEARTBEAT_ACK)
        again.set()
        await peer.ended()
        await peer.close()

    server = await asyncio.start_server(odd, "127.0.0.1", 0)
    async with server, connected(a_worker(heartbeat_ms=60_000), server.sockets[0].getsockname()[1]):
        await asyncio.wait_for(again.wait(), 20)
    assert [message.payload["code"] for message in received] == [
        "message_unknown_type",
        "message_wrong_direction",
        "message_bad_payload",
    ]


async def test_a_worker_says_who_it_is() -> None:
    async with a_master() as master, raw(master.port) as peer:
        await peer.hello("first")
        async with connected(a_worker("py", capabilities=["build", "gpu"], slots=4, labels=["zone=eu"]), master.port):
            info = {each.worker_id: each for each in master.workers()}["py"]
            assert (info.runtime, info.slots, sorted(info.capabilities)) == ("python", 4, ["build", "gpu"])
            assert {"zone=eu", "runtime=python", f"os={sys.platform}"} <= info.labels
            assert any(label.startswith("arch=") for label in info.labels)
