"""Connections of a worker to its master: lost, late, silent, and who may come in."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from rig import Line, a_master, a_worker, connected, until
from sluice_worker import Build, Message, MessageType, Refused


async def test_a_lost_connection_does_not_cost_the_build() -> None:
    worker = a_worker()
    gate = asyncio.Event()

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> str:
        await build.write("before\n")
        await gate.wait()
        await build.write("after\n")
        return "once"

    async with a_master(reconnect_grace_ms=20_000) as master, Line(master.port) as line, connected(worker, line.port):
        dispatched = await master.dispatch_build("t")
        await until(lambda: dispatched.output == b"before\n", "the first line")
        line.cut(stay_down=True)
        await until(lambda: not worker.connected and master.workers() == [], "the loss")
        gate.set()
        line.mend()
        assert (await dispatched.result()).output == "once"
        assert (dispatched.epoch, dispatched.output, line.connections) == (1, b"before\nafter\n", 2)


async def test_an_end_that_is_lost_with_the_connection_is_said_again() -> None:
    worker = a_worker()
    gate = asyncio.Event()

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> str:
        await build.write("in\n")
        await gate.wait()
        return "once"

    async with a_master(reconnect_grace_ms=20_000) as master, Line(master.port) as line, connected(worker, line.port):
        for _ in range(10):
            gate.clear()
            dispatched = await master.dispatch_build("t")
            await until(lambda: dispatched.output == b"in\n", "the handler")
            gate.set()
            # The end is on its way while the line breaks, before, in or behind it.
            line.cut()
            assert (await dispatched.result()).output == "once"
            assert dispatched.epoch == 1
        await until(lambda: worker.connected, "the last connection")


async def test_what_was_given_to_somebody_else_meanwhile_is_ended() -> None:
    first, second = a_worker("first"), a_worker("second")
    running: list[str] = []
    ended: list[str] = []

    def handle(worker: object, name: str) -> None:
        async def build(build: Build) -> str:
            running.append(f"{name} {build.epoch}")
            if name == "second":
                return name
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)
            return name

        getattr(worker, "on")(MessageType.BUILD_REQUEST)(build)

    handle(first, "first")
    handle(second, "second")
    async with a_master(reconnect_grace_ms=20) as master, Line(master.port) as line, connected(first, line.port):
        dispatched = await master.dispatch_build("t")
        await until(lambda: running == ["first 1"], "the first worker")
        line.cut(stay_down=True)
        async with connected(second, master.port):
            assert (await dispatched.result()).output == "second"
            line.mend()
            await until(lambda: ended == ["first"] and first.running == 0, "the end of the first")
        assert (dispatched.epoch, running) == (2, ["first 1", "second 2"])


async def test_a_master_that_is_not_there_yet_is_waited_for() -> None:
    async with Line(1) as line:
        port = line.port
        with pytest.raises((ConnectionError, OSError)):
            await a_worker().connect("127.0.0.1", port)
    worker = a_worker()
    connecting = asyncio.ensure_future(worker.connect("127.0.0.1", port, wait=True))
    async with a_master(port=port):
        await connecting
        assert worker.connected
        await worker.close()


async def test_a_silent_master_is_left() -> None:
    async def hear_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        from sluice_worker import encode_frame

        await reader.read(65_536)
        writer.write(encode_frame(Message(type=MessageType.HELLO_ACK, payload={"accepted": True})))

    connections: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(hear_nothing, "127.0.0.1", 0)
    worker = a_worker(heartbeat_ms=20)
    async with server, connected(worker, server.sockets[0].getsockname()[1]):
        await until(lambda: len(connections) >= 2, "another attempt")
        for writer in connections:
            writer.transport.abort()


async def test_the_newer_of_two_workers_with_one_name_wins_for_good() -> None:
    older, newer = a_worker("twin"), a_worker("twin")
    async with a_master() as master:
        await older.connect("127.0.0.1", master.port)
        running = asyncio.ensure_future(older.run())
        async with connected(newer, master.port):
            with pytest.raises(Refused) as refused:
                await running
            assert refused.value.code == "worker_replaced"
            assert newer.connected and len(master.workers()) == 1


async def test_a_token_is_exchanged_for_a_credential_that_is_kept(tmp_path: Path) -> None:
    token_file, credential_file = tmp_path / "token", tmp_path / "keys" / "credential"
    token_file.write_text("join-me\n")
    async with a_master(tokens=["join-me"]) as master:
        with pytest.raises(Refused, match="token is needed"):
            await a_worker().connect("127.0.0.1", master.port)
        with pytest.raises(Refused, match="not valid"):
            await a_worker(token="wrong").connect("127.0.0.1", master.port)
        async with connected(a_worker(token_file=token_file, credential_file=credential_file), master.port):
            credential = credential_file.read_text().strip()
            assert credential.startswith("sluice_wc_")
            assert stat.S_IMODE(credential_file.stat().st_mode) == 0o600
        token_file.unlink()
        async with connected(a_worker(credential_file=credential_file), master.port):
            pass
        with pytest.raises(Refused):
            await a_worker("w-2", token=credential).connect("127.0.0.1", master.port)
        with pytest.raises(Refused, match="another worker_id"):
            await a_worker("w-2", token="join-me").connect("127.0.0.1", master.port)
    # A master that was started again knows the credential, too.
    async with a_master(tokens=["join-me"]) as master, connected(
        a_worker(credential_file=credential_file), master.port
    ):
        pass


async def test_a_revoked_token_sends_the_worker_away() -> None:
    worker = a_worker(token="t-1")
    async with a_master(tokens=["t-1", "t-2"]) as master:
        await worker.connect("127.0.0.1", master.port)
        running = asyncio.ensure_future(worker.run())
        assert master.revoke("t-1") and not master.revoke("t-1")
        with pytest.raises(Refused):
            await running


async def test_a_token_travels_to_other_machines_over_tls_only() -> None:
    with pytest.raises(ValueError, match="TLS"):
        await a_worker().connect("192.0.2.1", 7891)
