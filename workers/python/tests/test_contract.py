"""The contract between a Python master and workers of every runtime, each a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rig import a_master, until
from test_commands import alive
from sluice_worker import BuildFailed, MasterDaemon

HERE = Path(__file__).parent
TOOLS = HERE.parents[2] / "node_modules" / ".bin"
INSTALL = "npm install in the project's folder"


def program(name: str) -> str | None:
    """A runtime of the project, or of the machine."""
    chosen = os.environ.get(f"SLUICE_{name.upper()}")
    if chosen is not None:
        return chosen
    found = TOOLS / name
    return str(found) if found.exists() else shutil.which(name)


def runtime(name: str) -> object:
    missing = name != "python" and (program(name) is None or not (HERE.parents[2] / "node_modules" / "@msgpack").exists())
    return pytest.param(name, marks=pytest.mark.skipif(missing, reason=f"no {name} here: {INSTALL}"))


def command(name: str, port: int, worker_id: str, token: str | None) -> list[str]:
    starts: dict[str, list[str | None]] = {
        "bun": [program("bun"), str(HERE / "basic-worker.mjs")],
        "node": [program("node"), str(HERE / "basic-worker.mjs")],
        "deno": [program("deno"), "run", "--quiet", "--no-lock", "-A", str(HERE / "basic-worker.mjs")],
        "python": [sys.executable, str(HERE / "contract_worker.py")],
    }
    return [*map(str, starts[name]), str(port), worker_id, *([] if token is None else [token])]


@contextlib.asynccontextmanager
async def a_process(
    name: str, master: MasterDaemon, worker_id: str, token: str | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process, which is ended afterwards."""
    process = await asyncio.create_subprocess_exec(
        *command(name, master.port, worker_id, token),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=HERE.parents[2],
        env={**os.environ, "NO_COLOR": "1"},
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.fixture(params=[runtime(name) for name in ("bun", "node", "deno", "python")])
def kind(request: pytest.FixtureRequest) -> str:
    """A runtime of the worker."""
    name: str = request.param
    return name


async def test_builds_of_all_sorts(kind: str) -> None:
    async with a_master(heartbeat_ms=20, tokens=["join"]) as master, a_process(kind, master, "w", "join"):
        await master.wait_for_workers()
        assert master.workers()[0].runtime == kind
        plain = await master.dispatch_build("plain")
        messages = [event.message async for event in plain.events() if event.kind == "progress"]
        assert ((await plain.result()).output, messages) == ("plain", ["Übersetzt 🚀"])
        script = 'printf "$GREETING"; printf err >&2; exit 3'
        failing = await master.dispatch_build("c", {"command": ["sh", "-c", script], "env": {"GREETING": "hé"}})
        with pytest.raises(BuildFailed) as failed:
            await failing.result()
        assert (failed.value.code, failed.value.exit_code) == ("build_failed", 3)
        assert sorted([failing.output.replace(b"err", b""), b"err"]) == [b"err", "hé".encode()]
        large = await master.dispatch_build("large")
        assert (await large.result()).output == "é" * (5 * 1024 * 1024)
        streamed = await master.dispatch_build("c", {"command": ["sh", "-c", "head -c 10485760 /dev/zero"]})
        assert sum([len(event.chunk) async for event in streamed.events() if event.kind == "output"]) == 10 * 1024 * 1024
        # It blocks for many heartbeats, and is still there.
        blocking = await master.dispatch_build("block", {"block_ms": 200})
        assert (await blocking.result()).output == "block"
        assert blocking.epoch == 1


async def test_a_cancelled_build_leaves_nothing_behind(kind: str) -> None:
    async with a_master() as master, a_process(kind, master, "w"):
        build = await master.dispatch_build("c", {"command": ["sh", "-c", "sleep 600 & echo $$ $!; wait"]})
        await until(lambda: b"\n" in build.output, "the command")
        pids = [int(pid) for pid in build.output.split()]
        await build.cancel(grace_ms=200)
        assert build.status == "cancelled"
        await until(lambda: not any(alive(pid) for pid in pids), "the end of the group")
        assert (await (await master.dispatch_build("next")).result()).output == "next"


async def test_state_locks_and_resources_are_shared(kind: str) -> None:
    async with a_master() as master, a_process(kind, master, "a"), a_process(kind, master, "b"):
        await master.wait_for_workers(2)
        state = await (await master.dispatch_build("state", {"key": "k"})).result()
        assert state.output == {
            "created": True,
            "conflict": "state_version_conflict",
            "found": {"n": 1, "list": [None, True, 2.5]},
            "deleted": True,
            "gone": 0,
        }
        contending = [await master.dispatch_build("lock", {"resource": "r", "rounds": 10}) for _ in range(2)]
        fences = [fence for build in contending for fence in (await build.result()).output]
        assert len(set(fences)) == 20
        # Without the lock some of the counting would be lost.
        entry = master.state.get("inside r")
        assert entry is not None and entry.value == 20
        assert {build.worker_id for build in contending} == {"a", "b"}
        resources = await (await master.dispatch_build("resources")).result()
        assert resources.output == {
            "claimed": True,
            "refused": False,
            "released": True,
            "total": {"cpu": 2},
            "left": {},
        }


async def test_a_killed_worker_costs_nothing_but_time(kind: str) -> None:
    async with a_master() as master, a_process(kind, master, "first") as first:
        await master.wait_for_workers()
        dies = await master.dispatch_build("die")
        after = await master.dispatch_build("after")
        assert await first.wait() == -9
        await until(lambda: dies.status == "queued" and dies.epoch == 1, "the build's return")
        await dies.cancel()
        async with a_process(kind, master, "second"):
            assert (await after.result()).worker_id == "second"


async def test_the_newer_of_two_with_one_name_wins(kind: str) -> None:
    async with a_master() as master, a_process(kind, master, "twin") as older:
        await master.wait_for_workers()
        async with a_process(kind, master, "twin"):
            await older.wait()
            assert (await (await master.dispatch_build("t")).result()).output == "t"


async def test_a_wrong_token_is_refused(kind: str) -> None:
    async with a_master(tokens=["good"]) as master, a_process(kind, master, "w", "bad") as refused:
        _, errors = await refused.communicate()
        assert refused.returncode not in (0, None)
        assert "not valid" in errors.decode()
        assert master.workers() == []
