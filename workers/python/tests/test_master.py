"""The master against peers that say exactly what they are told to: who is let in, what is refused, who gets what."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rig import RawPeer, a_master, a_worker, connected, quiet, raw, until
from sluice_worker import (
    BuildFailed,
    MasterDaemon,
    Message,
    MessageError,
    MessageType,
    SluiceError,
    WorkerToken,
    client_tls,
    encode_frame,
    server_tls,
)
from sluice_worker.frames import FRAME_BYTES_MAX, PROTOCOL_VERSION


async def works(master: MasterDaemon, name: str = "neighbour") -> None:
    """Another connection is as good as ever."""
    async with raw(master.port) as peer:
        assert (await peer.hello(name)).payload["accepted"] is True
        peer.send(MessageType.STATE_GET, key="k")
        assert (await peer.expect(MessageType.STATE_RESPONSE)).payload["ok"] is True


BAD_BYTES = {
    "frame_empty": b"\0\0\0\0",
    "frame_too_large": (FRAME_BYTES_MAX + 1).to_bytes(4, "big"),
    "frame_bad_msgpack": b"\0\0\0\x01\xc1",
    "frame_bad_shape": b"\0\0\0\x01\x90",
    "frame_bad_version": encode_frame(Message(type=1, payload={})).replace(b"version\x01", b"version\x02"),
}


@pytest.mark.parametrize("code", list(BAD_BYTES))
@pytest.mark.parametrize("when", ["before HELLO", "after HELLO"])
async def test_garbage_is_answered_once_and_ends_only_its_own_connection(code: str, when: str) -> None:
    assert PROTOCOL_VERSION == 1
    async with a_master() as master, raw(master.port) as other:
        await other.hello("other")
        async with raw(master.port) as peer:
            if when == "after HELLO":
                await peer.hello()
            peer.write(BAD_BYTES[code])
            [error] = await peer.ended()
            assert (error.type, error.payload["code"]) == (MessageType.ERROR, code)
        other.send(MessageType.STATE_GET, key="k")
        await other.expect(MessageType.STATE_RESPONSE)


async def test_nothing_comes_before_hello_and_hello_comes_once() -> None:
    async with a_master() as master:
        async with raw(master.port) as peer:
            peer.send(MessageType.STATE_GET, key="k")
            [error] = await peer.ended()
            assert error.payload["code"] == "hello_missing"
        async with raw(master.port) as peer:
            await peer.hello()
            peer.send(MessageType.HELLO, worker_id="raw", capabilities=[])
            [error] = await peer.ended()
            assert error.payload["code"] == "hello_twice"
        async with raw(master.port) as peer:
            peer.send(MessageType.HELLO, capabilities=[])
            [answer] = await peer.ended()
            assert answer.payload["accepted"] is False and "worker_id" in answer.payload["reason"]
        await works(master)
        assert master.workers() == [] or [info.worker_id for info in master.workers()] == ["neighbour"]


async def test_a_worker_without_a_valid_token_is_refused_and_closed() -> None:
    token = WorkerToken("good", labels=["zone=*"])
    async with a_master(tokens=[token]) as master:
        refusals: list[dict[str, Any]] = [
            {},
            {"token": "bad"},
            {"token": "sluice_wc_00"},
            {"token": "good", "labels": ["gpu"]},
            {"token": "good", "worker_id": "x" * 201},
        ]
        for refused in refusals:
            async with raw(master.port) as peer:
                answer = await peer.hello(**refused)
                assert answer.payload["accepted"] is False and answer.payload["reason"]
                assert await peer.ended() == []
        async with raw(master.port) as peer:
            # A stranger's worker may go on using the token itself.
            assert (await peer.hello("w", token="good", labels=["zone=eu"])).payload["accepted"] is True
        async with raw(master.port) as peer:
            assert (await peer.hello("w", token="good")).payload["accepted"] is True
        async with raw(master.port) as peer:
            assert (await peer.hello("v", token="good")).payload["accepted"] is False


async def test_frames_may_be_split_at_every_byte_and_come_a_hundred_at_once() -> None:
    async with a_master() as master, raw(master.port) as peer:
        hello = encode_frame(Message(type=MessageType.HELLO, payload={"worker_id": "raw", "capabilities": []}))
        for byte in hello:
            peer.write(bytes([byte]))
            await peer.writer.drain()
            await asyncio.sleep(0)
        await peer.expect(MessageType.HELLO_ACK)
        asked = [Message(type=MessageType.STATE_SET, payload={"key": f"k{n}", "value": n}) for n in range(100)]
        peer.write(b"".join(encode_frame(message) for message in asked))
        answers = [await peer.expect(MessageType.STATE_RESPONSE) for _ in asked]
        assert [answer.payload["request_id"] for answer in answers] == [message.id for message in asked]
        assert [answer.payload["version"] for answer in answers] == list(range(1, 101))


async def test_what_is_not_understood_is_answered_and_the_connection_stays() -> None:
    async with a_master() as master, raw(master.port) as peer:
        await peer.hello()
        for kind, payload, code in (
            (0x7E, {}, "message_unknown_type"),
            (MessageType.HELLO_ACK, {"accepted": True}, "message_wrong_direction"),
            (MessageType.STATE_SET, {"key": "k"}, "message_bad_payload"),
            (MessageType.BUILD_COMPLETED, {"build_id": "b", "status": "success"}, "stale_epoch"),
        ):
            asked = peer.send(kind, **payload)
            error = await peer.expect(MessageType.ERROR)
            assert (error.payload["code"], error.payload["request_id"]) == (code, asked)
        peer.send(MessageType.HEARTBEAT)
        await peer.expect(MessageType.HEARTBEAT_ACK)


async def test_a_basic_worker_may_be_silent_while_it_builds() -> None:
    async with a_master(heartbeat_ms=20) as master, raw(master.port) as peer:
        hello = await peer.hello(slots=4)
        assert hello.payload["heartbeat_ms"] == 20
        first = await master.dispatch_build("t", {"command": ["make"]})
        second = await master.dispatch_build("t")
        request = await peer.expect(MessageType.BUILD_REQUEST)
        assert request.payload["options"] == {"command": ["make"]}
        # Five intervals, told by what the master asks meanwhile, and not a word.
        for _ in range(5):
            message = await peer.next()
            assert message is not None and message.type == MessageType.HEARTBEAT
        assert (first.status, second.status) == ("running", "queued")
        peer.send(MessageType.BUILD_COMPLETED, build_id=first.id, status="success", output="made")
        assert (await first.result()).output == "made"
        peer.send(MessageType.BUILD_FAILED, build_id=(await peer.expect(MessageType.BUILD_REQUEST)).payload["build_id"], status="failed")
        with pytest.raises(BuildFailed) as failed:
            await second.result()
        assert failed.value.code == "build_failed"


async def test_a_worker_that_promised_heartbeats_and_is_silent_is_gone() -> None:
    async with a_master(reconnect_grace_ms=0) as master, raw(master.port) as silent, raw(master.port) as heir:
        await silent.hello("silent", heartbeat_ms=20)
        dispatched = await master.dispatch_build("t")
        epoch = (await silent.expect(MessageType.BUILD_REQUEST)).payload["epoch"]
        await heir.hello("heir")
        ended = await silent.ended()
        assert ended[-1].payload["code"] == "heartbeats_missed"
        request = await heir.expect(MessageType.BUILD_REQUEST)
        assert (request.payload["build_id"], request.payload["epoch"]) == (dispatched.id, epoch + 1)
        # It was only asleep: what it says now, under the old epoch, is refused.
        async with raw(master.port) as late:
            await late.hello("silent", heartbeat_ms=20_000)
            late.send(MessageType.BUILD_COMPLETED, build_id=dispatched.id, status="success", epoch=epoch)
            assert (await late.expect(MessageType.ERROR)).payload["code"] == "stale_epoch"
        heir.send(MessageType.BUILD_COMPLETED, build_id=dispatched.id, status="success", output="heir", epoch=epoch + 1)
        assert (await dispatched.result()).worker_id == "heir"


async def test_a_worker_that_dies_in_the_middle_costs_nothing_but_time() -> None:
    async with a_master(reconnect_grace_ms=0, attempts_max=3) as master:
        dispatched = await master.dispatch_build("t")
        events = dispatched.events()
        for attempt in (1, 2, 3):
            async with raw(master.port) as peer:
                await peer.hello(f"w-{attempt}")
                assert (await peer.expect(MessageType.BUILD_REQUEST)).payload["epoch"] == attempt
                peer.send(MessageType.BUILD_PROGRESS, build_id=dispatched.id, chunk=f"{attempt}\n", stream="stdout")
                await until(lambda: dispatched.output.endswith(b"%d\n" % attempt), "its output")
        with pytest.raises(BuildFailed) as failed:
            await dispatched.result()
        # It is not given out for ever: it may be what kills its workers.
        assert (failed.value.code, dispatched.status) == ("worker_lost", "failed")
        kinds = [event.kind async for event in events if event.kind != "output"]
        assert kinds == ["given", "returned"] * 3 + ["ended"]


async def test_a_worker_that_comes_back_keeps_what_it_announces() -> None:
    async with a_master(reconnect_grace_ms=20_000) as master:
        kept, dropped = await master.dispatch_build("kept"), await master.dispatch_build("dropped")
        async with raw(master.port) as peer:
            await peer.hello("w", slots=2, heartbeat_ms=20_000)
            for _ in range(2):
                await peer.expect(MessageType.BUILD_REQUEST)
        running = [{"build_id": kept.id, "epoch": 1}, {"build_id": "nobody's", "epoch": 1}]
        async with raw(master.port) as peer:
            await peer.hello("w", slots=2, heartbeat_ms=20_000, running=running)
            assert (await peer.expect(MessageType.BUILD_CANCEL)).payload["build_id"] == "nobody's"
            again = await peer.expect(MessageType.BUILD_REQUEST)
            assert (again.payload["build_id"], again.payload["epoch"]) == (dropped.id, 2)
            peer.send(MessageType.BUILD_COMPLETED, build_id=kept.id, status="success", epoch=1)
            await kept.result()


async def test_the_newer_of_two_with_one_name_wins() -> None:
    async with a_master() as master, raw(master.port) as older, raw(master.port) as newer:
        await older.hello("twin", heartbeat_ms=20_000)
        dispatched = await master.dispatch_build("t")
        await older.expect(MessageType.BUILD_REQUEST)
        await newer.hello("twin", heartbeat_ms=20_000)
        assert [message.payload["code"] for message in await older.ended()] == ["worker_replaced"]
        assert (await newer.expect(MessageType.BUILD_REQUEST)).payload["epoch"] == 2
        newer.send(MessageType.BUILD_COMPLETED, build_id=dispatched.id, status="success", epoch=2)
        await dispatched.result()


async def test_builds_go_to_who_can_do_them_and_has_least_to_do() -> None:
    async with a_master() as master:
        peers = [RawPeer(*await asyncio.open_connection("127.0.0.1", master.port)) for _ in range(4)]
        small, gpu, node, drained = peers
        await small.hello("small", slots=2, heartbeat_ms=20_000)
        await gpu.hello("gpu", capabilities=["build", "cuda"], labels=["zone=eu"], slots=2, heartbeat_ms=20_000)
        await node.hello("node", runtime="node", capabilities=["task"], slots=9, heartbeat_ms=20_000)
        await drained.hello("drained", slots=9, heartbeat_ms=20_000)
        assert master.drain("drained") and not master.drain("nobody")
        on_gpu = await master.dispatch_build("t", capabilities=["cuda"], labels=["zone=eu"])
        spread = [await master.dispatch_build("t") for _ in range(3)]
        waiting = [
            await master.dispatch_build("t"),
            await master.dispatch_build("t", labels=["zone=us"]),
            await master.dispatch_build("t", runtime="node"),
        ]
        assert on_gpu.worker_id == "gpu"
        assert sorted(str(build.worker_id) for build in spread) == ["gpu", "small", "small"]
        # The one on Node takes no builds, and one that leaves takes nothing.
        assert [build.status for build in waiting] == ["queued"] * 3
        assert {info.worker_id: info.running for info in master.workers()} == {
            "small": 2,
            "gpu": 2,
            "node": 0,
            "drained": 0,
        }
        for build in waiting:
            await build.cancel()
            assert build.status == "cancelled"
        for peer in peers:
            await peer.close()


async def test_a_worker_that_does_not_end_a_build_does_not_hold_it() -> None:
    async with a_master(cancel_grace_ms=10) as master, raw(master.port) as peer:
        await peer.hello("deaf", slots=2, heartbeat_ms=20_000)
        late = await master.dispatch_build("late", {"timeout_ms": 10})
        with pytest.raises(BuildFailed) as failed:
            await late.result()
        assert failed.value.code == "timeout"
        unwanted = await master.dispatch_build("unwanted")
        await unwanted.cancel(grace_ms=10)
        for build in (late, unwanted):
            await peer.expect(MessageType.BUILD_REQUEST)
            cancel = await peer.expect(MessageType.BUILD_CANCEL)
            assert cancel.payload == {"build_id": build.id, "grace_ms": 10}
        # The slots are taken as long as the worker has not said that they are free.
        third = await master.dispatch_build("third")
        assert third.status == "queued"
        peer.send(MessageType.BUILD_FAILED, build_id=late.id, status="failed", epoch=1)
        assert (await peer.expect(MessageType.BUILD_REQUEST)).payload["build_id"] == third.id
        assert (await peer.expect(MessageType.ERROR)).payload["code"] == "stale_epoch"


async def test_a_request_that_is_answered_with_an_error_goes_to_another() -> None:
    async with a_master() as master, raw(master.port) as leaver, raw(master.port) as heir:
        await leaver.hello("leaver", heartbeat_ms=20_000)
        dispatched = await master.dispatch_build("t")
        request = await leaver.expect(MessageType.BUILD_REQUEST)
        await heir.hello("heir", heartbeat_ms=20_000)
        leaver.send(MessageType.ERROR, request_id=request.id, code="worker_draining", message="leaving")
        assert (await heir.expect(MessageType.BUILD_REQUEST)).payload["epoch"] == 2
        assert [info.draining for info in master.workers()] == [True, False]
        assert dispatched.attempts == 1


async def test_builds_that_cannot_be_sent_are_refused_at_once() -> None:
    async with a_master() as master:
        with pytest.raises(MessageError, match="command"):
            await master.dispatch_build("t", {"command": "make all"})
        with pytest.raises(Exception, match="frame_bytes_max"):
            await master.dispatch_build("t", {"env": {"A": "x" * FRAME_BYTES_MAX}})


async def test_a_master_that_stops_says_so() -> None:
    async with a_master() as master:
        running, queued = await master.dispatch_build("t"), await master.dispatch_build("t")
        async with raw(master.port) as peer:
            await peer.hello()
            await peer.expect(MessageType.BUILD_REQUEST)
            await master.stop()
            assert [message.payload["code"] for message in await peer.ended()] == ["draining"]
        for build in (running, queued):
            with pytest.raises(BuildFailed) as failed:
                await build.result()
            assert failed.value.code == "master_stopped"


async def test_a_queue_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluice_worker.master.builds.BUILDS_QUEUED_MAX", 2)
    async with a_master() as master:
        for _ in range(2):
            await master.dispatch_build("t")
        with pytest.raises(SluiceError) as full:
            await master.dispatch_build("t")
        assert full.value.code == "queue_full"


async def test_a_value_that_just_fits_in_may_not_fit_out() -> None:
    async with a_master(frame_bytes_max=4_096) as master, raw(master.port) as peer:
        await peer.hello()
        key = "k"
        spare = 4_096 + 4 - len(encode_frame(Message(type=MessageType.STATE_SET, payload={"key": key, "value": b""})))
        peer.send(MessageType.STATE_SET, key=key, value=b"x" * (spare - 2))
        assert (await peer.expect(MessageType.STATE_RESPONSE)).payload["ok"] is True
        peer.send(MessageType.STATE_GET, key=key)
        answer = await peer.expect(MessageType.STATE_RESPONSE)
        assert (answer.payload["ok"], answer.payload["error"]["code"]) == (False, "payload_too_large")


async def test_waits_of_one_worker_are_bounded() -> None:
    async with a_master() as master, raw(master.port) as peer:
        await peer.hello()
        peer.send(MessageType.LOCK_ACQUIRE, resource="r", ttl_ms=60_000)
        assert (await peer.expect(MessageType.LOCK_RESPONSE)).payload["ok"] is True
        for _ in range(101):
            peer.send(MessageType.LOCK_ACQUIRE, resource="r", ttl_ms=1, wait_ms=60_000)
        refused = await peer.expect(MessageType.LOCK_RESPONSE)
        assert refused.payload["error"]["code"] == "too_many_requests"


def test_other_machines_need_tls_and_tokens() -> None:
    with pytest.raises(ValueError, match="TLS"):
        MasterDaemon("0.0.0.0", tokens=["t"])
    with pytest.raises(ValueError, match="tokens"):
        MasterDaemon("0.0.0.0", tls=client_tls())
    with pytest.raises(ValueError, match="begin with"):
        MasterDaemon(tokens=["sluice_wc_x"])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with: apt-get install openssl")
async def test_tls_end_to_end(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*make, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    tls = server_tls(str(certificate), str(key))
    async with MasterDaemon("0.0.0.0", tls=tls, tokens=["t"], log=quiet) as master:
        worker = a_worker(token="t")
        await worker.connect("localhost", master.port, tls=client_tls(str(certificate)))
        running = asyncio.ensure_future(worker.run())
        dispatched = await master.dispatch_build("t", {"command": ["sh", "-c", "head -c 3000000 /dev/zero"]})
        total = sum([len(event.chunk) async for event in dispatched.events() if event.kind == "output"])
        assert total == 3_000_000
        await worker.close()
        await asyncio.gather(running, return_exceptions=True)
        with pytest.raises(OSError, match="certificate"):
            await a_worker(token="t").connect("127.0.0.1", master.port, tls=client_tls(str(certificate)))
        with pytest.raises(OSError, match="certificate"):
            await a_worker(token="t").connect("localhost", master.port, tls=client_tls())
        with pytest.raises(OSError):
            await a_worker(token="t").connect("localhost", master.port)


async def test_a_hundred_workers_share_a_thousand_builds() -> None:
    async with a_master() as master:
        workers = [a_worker(f"w-{number}", heartbeat_ms=20_000) for number in range(100)]

        for worker in workers:

            @worker.on(MessageType.BUILD_REQUEST)
            async def build(build: Any) -> str:
                await asyncio.sleep(0)
                return str(build.target)

            await worker.connect("127.0.0.1", master.port)
        builds = [await master.dispatch_build(f"t-{number}") for number in range(1_000)]
        reports = await asyncio.gather(*(build.result() for build in builds))
        assert [report.output for report in reports] == [f"t-{number}" for number in range(1_000)]
        assert len({report.worker_id for report in reports}) == 100
        await asyncio.gather(*(worker.close() for worker in workers))


async def test_a_worker_connects_beside_strangers() -> None:
    async with a_master() as master, raw(master.port), connected(a_worker(), master.port):
        await works(master)
