"""A worker and a master, both real: builds, their ends, what is shared, and connections that break."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import pytest

import handlers
from rig import a_master, a_worker, connected, raw, until
from test_commands import alive
from sluice_worker import (
    BlockingBuild,
    Build,
    BuildEvent,
    BuildFailed,
    BuildResult,
    Cancelled,
    Message,
    MessageType,
    NonRetryable,
    RetryAfter,
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
