"""The command `sluice-worker`, as a process: what it does, and what its exit codes say."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rig import a_master, until


@contextlib.asynccontextmanager
async def command(*arguments: str, cwd: Path | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, ended afterwards."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sluice_worker", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200"},
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def test_it_connects_builds_and_leaves_when_it_is_told(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("join\n")
    async with a_master(tokens=["join"]) as master:
        options = ["--token-file", str(token), "--id", "cli", "--labels", "gpu, zone=eu", "--slots", "2"]
        async with command("--connect", f"127.0.0.1:{master.port}", *options) as process:
            assert process.stdout is not None
            assert b"cli is connected" in await process.stdout.readline()
            [info] = master.workers()
            assert (info.worker_id, info.slots) == ("cli", 2) and {"gpu", "zone=eu"} <= info.labels
            running = await master.dispatch_build("t", {"command": ["sh", "-c", "echo in; sleep 0.2; echo out"]})
            await until(lambda: running.output == b"in\n", "the command")
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
            # It finished what it had.
            assert (await running.result()).exit_code == 0
            assert running.output == b"in\nout\n"


async def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    async with a_master() as master, command("--connect", f"127.0.0.1:{master.port}") as process:
        build = await master.dispatch_build("t", {"command": ["sh", "-c", "echo in; exec sleep 600"]})
        await until(lambda: build.output == b"in\n", "the command")
        process.send_signal(signal.SIGTERM)
        # Only one that leaves refuses more work.
        second = await master.dispatch_build("t")
        await until(lambda: master.workers() == [] or master.workers()[0].running == 1, "the first signal")
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
        await second.cancel()
        await build.cancel()


async def test_it_loads_the_worker_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("ANSWER = 42\n")
    (tmp_path / "app.py").write_text(
        "from helper import ANSWER\n"
        "from sluice_worker import MessageType, Worker\n"
        "mine = Worker('from-a-file')\n"
        "@mine.on(MessageType.BUILD_REQUEST, runs_in='process')\n"
        "def build(build):\n"
        "    return {'target': build.target, 'answer': ANSWER}\n"
    )
    async with a_master() as master:
        async with command("--connect", f"localhost:{master.port}", "--app", "app.py:mine", cwd=tmp_path):
            build = await master.dispatch_build("t")
            assert (await build.result()).output == {"target": "t", "answer": 42}
            assert build.worker_id == "from-a-file"


async def test_it_waits_for_a_master_and_says_when_it_is_refused() -> None:
    async with a_master(tokens=["join"]) as master:
        async with command("--connect", f"127.0.0.1:{master.port}") as process:
            _, errors = await process.communicate()
            assert (process.returncode, b"does not take this worker" in errors) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--connect"),
        (["--connect", "nowhere"], "no HOST:PORT"),
        (["--connect", "127.0.0.1:1", "--slots", "0"], "whole number from 1"),
        (["--connect", "127.0.0.1:1", "--token-file", "no-such-file"], "no-such-file"),
        (["--connect", "127.0.0.1:1", "--app", "no_such_module"], "no_such_module"),
        (["--connect", "127.0.0.1:1", "--app", "json"], "no Worker named worker"),
        (["--connect", "192.0.2.1:7891"], "TLS"),
        (["--connect", "ws://192.0.2.1:7890"], "TLS"),
        (["--connect", "wss://:7890"], "no ws://HOST:PORT"),
        (["--connect", "127.0.0.1:1", "--tls-ca", "no-such-file"], "no-such-file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
async def test_a_command_that_is_wrong_says_what(arguments: list[str], said: str) -> None:
    async with command(*arguments) as process:
        _, errors = await process.communicate()
        assert process.returncode == 2
        assert said in errors.decode()


async def test_help_has_an_example() -> None:
    async with command("--help") as process:
        out, _ = await process.communicate()
        assert process.returncode == 0
        assert "example:" in out.decode() and "--token-file" in out.decode()
