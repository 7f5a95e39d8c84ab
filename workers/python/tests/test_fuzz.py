"""Mutated frames against a live master and a live worker: no crash, no growth, and nobody else notices."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

from rig import RawPeer, a_master, a_worker, connected, until
from test_frames import load
from sluice_worker import Message, MessageType, encode_frame

#: The slow tier has all the time in the world.
FRAMES = 100_000 if os.environ.get("TEST_TIER") == "full" else 4_000
FRAMES_A_CONNECTION = 50
#: Interpreters keep some of what they have used; what grows with the number of frames is more than this.
GROWTH_BYTES_MAX = 48 * 1024 * 1024


def resident_bytes() -> int:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Mutations:
    """Golden frames with something wrong; the same ones for one seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        good = [bytes.fromhex(each.values[0]["hex"]) for each in load("vectors")]
        self._good = [frame for frame in good if len(frame) < 2_000]

    def next(self) -> bytes:
        """One frame, or what is left of it."""
        chance = self._chance
        frame = bytearray(chance.choice(self._good))
        how = chance.random()
        if how < 0.6:
            # The length stays right, so that what comes after it is read.
            for _ in range(chance.randint(1, 3)):
                frame[chance.randrange(4, len(frame))] = chance.randrange(256)
        elif how < 0.75:
            del frame[chance.randrange(len(frame)) :]
        elif how < 0.9:
            at = chance.randrange(len(frame))
            frame[at:at] = chance.randbytes(chance.randint(1, 8))
        else:
            frame[0:4] = chance.randbytes(4)
        return bytes(frame)


async def test_a_master_takes_no_harm_and_its_workers_notice_nothing() -> None:
    mutations = Mutations(1)
    async with a_master(heartbeat_ms=60_000) as master, connected(a_worker("healthy"), master.port):

        async def attack(count: int) -> None:
            hello = Message(type=MessageType.HELLO, payload={"worker_id": "fuzz", "capabilities": [], "heartbeat_ms": 9e9})
            for _ in range(count // FRAMES_A_CONNECTION):
                reader, writer = await asyncio.open_connection("127.0.0.1", master.port)
                peer = RawPeer(reader, writer)
                peer.write(encode_frame(hello))
                for _ in range(FRAMES_A_CONNECTION):
                    peer.write(mutations.next())
                peer.writer.write_eof()
                await drained(reader)
                await peer.close()

        async def neighbour() -> None:
            while not attacking.done():
                build = await master.dispatch_build("t", {"command": ["true"]}, labels=["runtime=python"])
                assert (await build.result()).worker_id == "healthy"
                assert build.epoch == 1

        # What a first thousand leaves behind is not growth.
        await attack(FRAMES // 4)
        before = resident_bytes()
        attacking = asyncio.ensure_future(attack(FRAMES))
        await asyncio.gather(attacking, neighbour())
        assert resident_bytes() - before < GROWTH_BYTES_MAX
        await until(lambda: [info.worker_id for info in master.workers()] == ["healthy"], "the end of the fuzz")


async def drained(reader: asyncio.StreamReader) -> None:
    """Reads to the end."""
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        return


async def test_a_worker_takes_no_harm_from_its_master() -> None:
    mutations = Mutations(2)
    sent, connections = 0, 0
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent, connections
        connections += 1
        peer = RawPeer(reader, writer)
        try:
            await peer.expect(MessageType.HELLO)
            peer.send(MessageType.HELLO_ACK, accepted=True)
            if sent >= FRAMES // 4:
                # It still works.
                peer.send(MessageType.BUILD_REQUEST, build_id="last", target="t", options={"command": ["true"]}, epoch=10**6)
                while (message := await peer.next()) is not None:
                    if message.type == MessageType.BUILD_COMPLETED and message.payload["build_id"] == "last":
                        done.set()
                        break
                return
            for _ in range(FRAMES_A_CONNECTION):
                peer.write(mutations.next())
                sent += 1
            writer.write_eof()
            await drained(reader)
        except (ConnectionError, AssertionError):
            return
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    before = resident_bytes()
    async with server, connected(a_worker(heartbeat_ms=60_000, slots=64), server.sockets[0].getsockname()[1]):
        await done.wait()
    assert connections > FRAMES // 4 // FRAMES_A_CONNECTION
    assert resident_bytes() - before < GROWTH_BYTES_MAX
