"""A worker and a master, both real: builds, their ends, what is shared, and connections that break."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

import handlers
from rig import Line, a_master, a_worker, connected, raw, until
from test_commands import alive
from sluice_worker import (
    BlockingBuild,
    Build,
    BuildEvent,
    BuildFailed,
    BuildResult,
    Cancelled,
    LockHeld,
    LockLost,
    MasterError,
    Message,
    MessageType,
    NonRetryable,
    NotConnected,
    Refused,
    ResourcesExhausted,
    RetryAfter,
    StateEntry,
    VersionConflict,
    WorkerToken,
)


async def test_a_build_is_its_command_unless_there_is_a_handler() -> None:
    async with a_master() as master, connected(a_worker(), master.port):
        build = await master.dispatch_build("web#build", {"command": ["sh", "-c", "echo out; echo err >&2; exit 0"]})
        report = await build.result()
        assert (report.exit_code, report.worker_id, build.status) == (0, "w-1", "completed")
        assert report.duration_ms is not None
        assert sorted(build.output.split()) == [b"err", b"out"]
        failing = await master.dispatch_build("web#test", {"command": ["sh", "-c", "exit 4"]})
        with pytest.raises(BuildFailed) as failed:
            await failing.result()
        assert (failed.value.code, failed.value.exit_code, failing.status) == ("build_failed", 4, "failed")
        missing = await master.dispatch_build("web#lint", {"command": ["no-such-program-here"]})
        with pytest.raises(BuildFailed, match="no-such-program-here") as not_started:
            await missing.result()
        assert not_started.value.code == "spawn_failed"
        with pytest.raises(BuildFailed) as nothing:
            await (await master.dispatch_build("web#none")).result()
        assert nothing.value.code == "command_missing"


async def test_output_and_progress_come_while_the_build_runs() -> None:
    gate = asyncio.Event()
    worker = a_worker()

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> dict[str, object]:
        await build.progress(1, 2, "compiling")
        await build.write("é\n")
        await build.write(b"\xff", "stderr")
        await gate.wait()
        return {"target": build.target, "level": build.options.raw["level"], "env": dict(build.options.env)}

    async with a_master() as master, connected(worker, master.port):
        dispatched = await master.dispatch_build("docs", {"level": 3, "env": {"A": "b"}})
        events = dispatched.events()
        seen: list[BuildEvent] = []
        async for event in events:
            seen.append(event)
            if event.kind == "output" and event.stream == "stderr":
                assert not dispatched.over
                gate.set()
        assert [event.kind for event in seen][-4:] == ["progress", "output", "output", "ended"]
        progress = next(event for event in seen if event.kind == "progress")
        assert (progress.done, progress.total, progress.message) == (1, 2, "compiling")
        assert (await dispatched.result()).output == {"target": "docs", "level": 3, "env": {"A": "b"}}
        assert dispatched.output == "é\n".encode() + b"\xff"


async def test_a_handler_in_a_thread_may_block_while_the_worker_answers() -> None:
    worker = a_worker(heartbeat_ms=20)
    inside, go_on = threading.Event(), threading.Event()
    beats: list[Message] = []

    @worker.on(MessageType.HEARTBEAT)
    def beat(message: Message) -> None:
        beats.append(message)

    @worker.on(MessageType.BUILD_REQUEST)
    def build(build: BlockingBuild) -> str:
        build.progress(message="blocking")
        inside.set()
        assert go_on.wait(20)
        assert build.run(["sh", "-c", "echo ran"]).ok
        return f"{build.id} {worker.wait_for(worker.state.set('k', build.target))}"

    async with a_master(heartbeat_ms=20) as master, connected(worker, master.port):
        dispatched = await master.dispatch_build("t")
        await until(inside.is_set, "the handler")
        # Far more heartbeats than a worker may miss, while its handler blocks.
        from_now = worker_acks(worker)
        await until(lambda: worker_acks(worker) > from_now + 10, "heartbeats")
        assert [info.worker_id for info in master.workers()] == ["w-1"]
        go_on.set()
        assert (await dispatched.result()).output == f"{dispatched.id} 1"
        assert dispatched.output == b"ran\n"


def worker_acks(worker: object) -> int:
    """Heartbeats of the worker that its master has answered so far."""
    link = getattr(worker, "_link")
    return int(getattr(link, "beats_answered"))


async def test_handlers_work_in_processes_of_their_own() -> None:
    worker = a_worker()
    worker.on(MessageType.BUILD_REQUEST, runs_in="process")(handlers.in_a_process)
    async with a_master() as master, connected(worker, master.port):
        dispatched = await master.dispatch_build("t")
        messages = [event.message async for event in dispatched.events() if event.kind == "progress"]
        report = await dispatched.result()
        assert messages == ["half"]
        assert (report.output["target"], report.exit_code) == ("t", 0)
        assert report.output["pid"] != os.getpid()
        assert dispatched.output.decode().splitlines() == ["printed", "written", "from a command", "through the build"]
        worker.on(MessageType.BUILD_REQUEST, runs_in="process")(handlers.async_in_a_process)
        assert (await (await master.dispatch_build("t")).result()).output not in (None, os.getpid())


async def test_a_handler_in_a_process_is_ended_whatever_it_does() -> None:
    worker = a_worker()
    worker.on(MessageType.BUILD_REQUEST, runs_in="process")(handlers.hard_headed)
    async with a_master() as master, connected(worker, master.port):
        dispatched = await master.dispatch_build("t")
        await until(lambda: b"\n" in dispatched.output, "the handler")
        pids = [int(pid) for pid in dispatched.output.split()]
        await dispatched.cancel(grace_ms=100)
        assert dispatched.status == "cancelled"
        await until(lambda: not any(alive(pid) for pid in pids), "the end of the process and its child")


async def test_failures_in_a_process_keep_their_code() -> None:
    worker = a_worker()
    async with a_master() as master, connected(worker, master.port):
        worker.on(MessageType.BUILD_REQUEST, runs_in="process")(handlers.refuses)
        with pytest.raises(BuildFailed, match="lib is not there") as refused:
            await (await master.dispatch_build("lib")).result()
        assert refused.value.code == "no_target"
        worker.on(MessageType.BUILD_REQUEST, runs_in="process")(handlers.dies)
        with pytest.raises(BuildFailed, match="ended with 7") as died:
            await (await master.dispatch_build("lib")).result()
        assert died.value.code == "handler_failed"


def test_where_a_handler_cannot_work_is_said_when_it_is_registered() -> None:
    worker = a_worker()
    with pytest.raises(ValueError, match="stand in a module"):
        worker.on(MessageType.BUILD_REQUEST, runs_in="process")(lambda build: None)
    with pytest.raises(ValueError, match="async def"):
        worker.on(MessageType.BUILD_REQUEST, runs_in="loop")(handlers.in_a_process)


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (NonRetryable("no such target"), "non_retryable", "no such target"),
        (NonRetryable("gone", code="no_target"), "no_target", "gone"),
        (RetryAfter("busy", delay_ms=1500), "retry_after", "busy"),
        (BuildFailed("2 tests failed", exit_code=1, output={"failed": 2}), "build_failed", "2 tests failed"),
        (KeyError("x"), "handler_failed", "KeyError: 'x'"),
    ],
    ids=["NonRetryable", "NonRetryable with a code", "RetryAfter", "BuildFailed", "another"],
)
async def test_errors_of_handlers_cross_the_wire(error: Exception, code: str, text: str) -> None:
    worker = a_worker()

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> None:
        raise error

    async with a_master() as master, connected(worker, master.port):
        dispatched = await master.dispatch_build("t")
        with pytest.raises(BuildFailed) as failed:
            await dispatched.result()
        assert (failed.value.code, str(failed.value)) == (code, text)
        if isinstance(error, BuildFailed):
            assert (failed.value.exit_code, failed.value.output) == (1, {"failed": 2})
        # Where it happened is told for what nobody raised by intent.
        assert (b"Traceback" in dispatched.output) == (code == "handler_failed")


async def test_a_result_that_cannot_be_sent_is_a_failure() -> None:
    worker = a_worker()

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> object:
        return BuildResult(output=object()) if build.target == "odd" else b"x" * (17 * 1024 * 1024)

    async with a_master() as master, connected(worker, master.port):
        for target, code in (("odd", "frame_bad_shape"), ("large", "frame_too_large")):
            with pytest.raises(BuildFailed) as failed:
                await (await master.dispatch_build(target)).result()
            assert failed.value.code == code


async def test_ten_megabytes_of_output_in_pieces_and_at_once() -> None:
    worker = a_worker()
    piece = bytes(range(256)) * 256

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> bytes:
        for _ in range(160):
            await build.write(piece)
        return piece * 160

    async with a_master() as master, connected(worker, master.port):
        dispatched = await master.dispatch_build("t")
        received = b"".join([event.chunk async for event in dispatched.events() if event.kind == "output"])
        assert received == piece * 160
        assert (await dispatched.result()).output == piece * 160
        assert dispatched.output == (piece * 160)[-1_048_576:]


async def test_whoever_watches_slowly_slows_the_worker_and_nobody_else() -> None:
    worker, other = a_worker("slow", labels=["slow"]), a_worker("other", labels=["other"])
    sent = 0

    @worker.on(MessageType.BUILD_REQUEST)
    async def flood(build: Build) -> None:
        nonlocal sent
        for _ in range(2_000):
            await build.write(b"x" * 65_536)
            sent += 1

    async with a_master() as master, connected(worker, master.port), connected(other, master.port):
        flooding = await master.dispatch_build("t", labels=["slow"])
        events = flooding.events()
        await until(lambda: sent > 0, "the first output")
        # Others go on; and heartbeats that cannot be heard are not counted.
        for _ in range(5):
            assert (await (await master.dispatch_build("t", {"command": ["true"]}, labels=["other"])).result()).exit_code == 0
        assert sent < 1_000 and not flooding.over
        total = 0
        async for event in events:
            total += len(event.chunk)
        assert total == 2_000 * 65_536
        await flooding.result()


async def test_a_watcher_that_stops_looking_holds_nobody_up() -> None:
    worker = a_worker()

    @worker.on(MessageType.BUILD_REQUEST)
    async def flood(build: Build) -> str:
        for _ in range(500):
            await build.write(b"x" * 65_536)
        return "done"

    async with a_master() as master, connected(worker, master.port):
        dispatched = await master.dispatch_build("t")
        async for event in dispatched.events():
            if event.kind == "output":
                break
        closed = dispatched.events()
        closed.close()
        assert (await dispatched.result()).output == "done"


async def test_cancelling_a_build_ends_its_process_group() -> None:
    async with a_master() as master, connected(a_worker(), master.port):
        script = "trap '' TERM; sleep 600 & echo $$ $!; wait; wait"
        dispatched = await master.dispatch_build("t", {"command": ["sh", "-c", script]})
        await until(lambda: b"\n" in dispatched.output, "the command")
        pids = [int(pid) for pid in dispatched.output.split()]
        await dispatched.cancel(grace_ms=50)
        assert dispatched.status == "cancelled"
        with pytest.raises(BuildFailed) as failed:
            await dispatched.result()
        assert failed.value.code == "cancelled"
        await until(lambda: not any(alive(pid) for pid in pids), "the end of the group")


async def test_a_cancelled_thread_is_told() -> None:
    worker = a_worker()
    told: list[str] = []

    @worker.on(MessageType.BUILD_REQUEST)
    def build(build: BlockingBuild) -> None:
        build.write("in\n")
        while not build.cancelled:
            time.sleep(0.001)
        try:
            build.write("more")
        except Cancelled as error:
            told.append(error.code)
            raise

    async with a_master() as master, connected(worker, master.port):
        dispatched = await master.dispatch_build("t")
        await until(lambda: dispatched.output == b"in\n", "the handler")
        await dispatched.cancel()
        assert (dispatched.status, told) == ("cancelled", ["cancelled"])


async def test_a_build_that_takes_too_long_has_failed() -> None:
    worker = a_worker(slots=2)

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> None:
        await build.run(["sleep", "600"])

    async with a_master() as master, connected(worker, master.port):
        dispatched = await master.dispatch_build("t", {"timeout_ms": 80})
        with pytest.raises(BuildFailed) as failed:
            await dispatched.result()
        assert failed.value.code == "timeout"
        await until(lambda: worker.running == 0, "the end of the command")


async def test_slots_bound_what_runs_at_once() -> None:
    worker = a_worker(slots=3)
    now, most = 0, 0
    gate = asyncio.Event()

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await gate.wait()
        now -= 1

    async with a_master() as master, connected(worker, master.port):
        builds = [await master.dispatch_build(f"t{number}") for number in range(12)]
        await until(lambda: now == 3, "three builds")
        assert master.builds.queued == 9
        gate.set()
        await asyncio.gather(*(build.result() for build in builds))
        assert most == 3


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


async def test_state_has_versions_and_times_to_live() -> None:
    now = [1_000_000.0]
    worker = a_worker(token="t")
    token = WorkerToken("t", state_prefixes=["ci/"])
    async with a_master(tokens=[token], clock=lambda: now[0]) as master, connected(worker, master.port):
        state = worker.state
        assert await state.get("ci/k") is None
        first = await state.set("ci/k", {"a": [1, None, b"x"]}, if_version=0)
        assert await state.get("ci/k") == StateEntry({"a": [1, None, b"x"]}, first)
        with pytest.raises(VersionConflict):
            await state.set("ci/k", 1, if_version=0)
        second = await state.set("ci/k", None, if_version=first, ttl_ms=500)
        assert await state.get("ci/k") == StateEntry(None, second) and second > first
        with pytest.raises(VersionConflict):
            await state.delete("ci/k", if_version=first)
        now[0] += 499
        assert await state.get("ci/k") is not None
        now[0] += 1
        assert await state.get("ci/k") is None
        third = await state.set("ci/k", 3)
        await state.delete("ci/k", if_version=third)
        assert third > second and await state.get("ci/k") is None
        with pytest.raises(MasterError) as forbidden:
            await state.set("other", 1)
        assert forbidden.value.code == "forbidden"


async def test_locks_are_exclusive_and_their_fences_grow() -> None:
    workers = [a_worker(f"w-{number}") for number in range(3)]
    inside, most = 0, 0
    fences: list[int] = []
    async with a_master() as master:
        for worker in workers:
            await worker.connect("127.0.0.1", master.port)

        async def contend(number: int) -> None:
            nonlocal inside, most
            for _ in range(20):
                async with workers[number].locks.hold("deploy", wait_ms=20_000) as lock:
                    inside += 1
                    most = max(most, inside)
                    fences.append(lock.fence)
                    await asyncio.sleep(0)
                    inside -= 1

        await asyncio.gather(*(contend(number) for number in range(3)))
        assert (most, len(fences)) == (1, 60)
        assert fences == sorted(set(fences))
        lock = await workers[0].locks.acquire("deploy")
        with pytest.raises(LockHeld):
            await workers[1].locks.acquire("deploy")
        lock.token += "x"
        with pytest.raises(MasterError):
            await workers[0].locks.release(lock)
        for worker in workers:
            await worker.close()


async def test_a_lock_outlives_its_owner_until_its_time_is_over() -> None:
    owner, heir = a_worker("owner"), a_worker("heir")
    async with a_master() as master, connected(heir, master.port):
        async with connected(owner, master.port):
            held = await owner.locks.acquire("deploy", ttl_ms=300)
        with pytest.raises(LockHeld):
            await heir.locks.acquire("deploy")
        inherited = await heir.locks.acquire("deploy", wait_ms=20_000)
        assert inherited.fence > held.fence
        with pytest.raises(MasterError):
            await heir.locks.renew(held)


async def test_a_lock_is_renewed_while_it_is_held_and_lost_when_it_cannot_be() -> None:
    worker, other = a_worker(), a_worker("other")
    async with a_master() as master, Line(master.port) as line, connected(worker, line.port), connected(other, master.port):
        async with worker.locks.hold("deploy", ttl_ms=150) as lock:
            began = lock.expires
            await until(lambda: lock.expires > began + 200, "two renewals")
            with pytest.raises(LockHeld):
                await other.locks.acquire("deploy")
        await other.locks.release(await other.locks.acquire("deploy"))
        with pytest.raises(LockLost):
            async with worker.locks.hold("deploy", ttl_ms=150):
                line.cut(stay_down=True)
                await asyncio.Event().wait()
        # The one that was cancelled is not, any more.
        line.mend()
        await until(lambda: worker.connected, "the next connection")


async def test_resources_admit_what_fits_the_machine() -> None:
    here = {"cpu": 2.0, "memory_bytes": 1_000_000.0}
    one, two = (a_worker(name, labels=["machine=m"], resources=here) for name in ("one", "two"))
    async with a_master() as master, connected(two, master.port):
        async with connected(one, master.port):
            claim = await one.resources.claim({"cpu": 1.5})
            with pytest.raises(ResourcesExhausted):
                await two.resources.claim({"cpu": 1})
            with pytest.raises(ResourcesExhausted):
                await two.resources.claim({"cpu": 3}, wait_ms=20_000)
            status = await two.resources.status()
            assert (status.total, status.claimed) == (here, {"cpu": 1.5})
            with pytest.raises(MasterError):
                await two.resources.release(claim)
            waiting = asyncio.ensure_future(two.resources.claim({"cpu": 1}, wait_ms=20_000))
            await one.resources.release(claim)
            await two.resources.release(await waiting)
            async with one.resources.hold(cpu=2):
                waiting = asyncio.ensure_future(two.resources.claim({"cpu": 2}, wait_ms=20_000))
                await one.resources.status()
                assert not waiting.done()
            await two.resources.release(await waiting)
            await one.resources.claim({"cpu": 2})
        # Claims die with their connection.
        assert await two.resources.claim({"cpu": 2}, wait_ms=20_000)


async def test_what_is_asked_of_a_worker_without_a_master_fails() -> None:
    with pytest.raises(NotConnected):
        await a_worker().state.get("k")
    with pytest.raises(NotConnected):
        await a_worker().run()


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
