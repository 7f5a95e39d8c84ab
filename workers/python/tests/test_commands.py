"""Commands: their output as it comes, their end, and the end of everything they have started."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from rig import until
from sluice_worker import CommandNotStarted
from sluice_worker.commands import OUTPUT_BYTES_HELD_MAX, Stream, run_command


class Taken:
    """Takes output, and can be told to wait."""

    def __init__(self) -> None:
        self.chunks: list[tuple[Stream, bytes]] = []
        self.may = asyncio.Event()
        self.may.set()

    async def write(self, stream: Stream, chunk: bytes) -> None:
        await self.may.wait()
        self.chunks.append((stream, chunk))

    def of(self, stream: Stream) -> bytes:
        return b"".join(chunk for each, chunk in self.chunks if each == stream)


def alive(pid: int) -> bool:
    """Whether a process is there and no corpse."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_output_exit_code_folder_and_variables(tmp_path: Path) -> None:
    taken = Taken()
    script = 'echo "$GREETING from $(pwd)"; echo oops >&2; exit 3'
    result = await run_command(["sh", "-c", script], taken.write, cwd=str(tmp_path), env={"GREETING": "hi"})
    assert (result.exit_code, result.ok) == (3, False)
    assert taken.of("stdout").decode() == f"hi from {tmp_path}\n"
    assert taken.of("stderr") == b"oops\n"


async def test_arguments_are_never_read_by_a_shell() -> None:
    taken = Taken()
    tricky = ["$(id)", "`id`", "a b", "*", "'", '"', "\\", "; exit 9", "\n", "é"]
    script = "import sys; sys.stdout.write('\\0'.join(sys.argv[1:]))"
    await run_command([sys.executable, "-X", "utf8", "-c", script, *tricky], taken.write)
    assert taken.of("stdout").decode().split("\0") == tricky


@pytest.mark.parametrize("command", [[], ["no-such-program-here"], ["a\0b"]], ids=repr)
async def test_a_program_that_is_not_there_is_said(command: list[str]) -> None:
    with pytest.raises(CommandNotStarted):
        await run_command(command, Taken().write)


async def test_output_comes_while_the_command_runs(tmp_path: Path) -> None:
    taken, gate = Taken(), tmp_path / "gate"
    script = f'echo first; while [ ! -e "{gate}" ]; do sleep 0.01; done; echo second'
    running = asyncio.ensure_future(run_command(["sh", "-c", script], taken.write))
    await until(lambda: taken.of("stdout") == b"first\n", "the first line")
    assert not running.done()
    gate.touch()
    assert (await running).ok
    assert taken.of("stdout") == b"first\nsecond\n"


async def test_a_slow_reader_slows_the_command_and_loses_nothing() -> None:
    taken = Taken()
    taken.may.clear()
    script = f"import sys; sys.stdout.buffer.write(b'x' * {OUTPUT_BYTES_HELD_MAX * 8})"
    running = asyncio.ensure_future(run_command([sys.executable, "-c", script], taken.write))
    done, _ = await asyncio.wait({running}, timeout=0.5)
    assert not done, "the command ended although nobody took its output"
    taken.may.set()
    assert (await running).ok
    assert len(taken.of("stdout")) == OUTPUT_BYTES_HELD_MAX * 8


async def test_cancelling_ends_the_whole_group() -> None:
    taken = Taken()
    script = "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & echo $$; wait; wait"
    running = asyncio.ensure_future(run_command(["sh", "-c", script], taken.write, grace_ms=lambda: 100))
    await until(lambda: taken.of("stdout").count(b"\n") == 2, "both processes")
    pids = [int(line) for line in taken.of("stdout").split()]
    assert all(alive(pid) for pid in pids)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: not any(alive(pid) for pid in pids), "the end of both processes")


async def test_a_cancelled_command_may_clean_up_first() -> None:
    taken = Taken()
    script = "trap 'echo cleaned; exit 0' TERM; echo up; while :; do sleep 0.01; done"
    running = asyncio.ensure_future(run_command(["sh", "-c", script], taken.write, grace_ms=lambda: 20_000))
    await until(lambda: taken.of("stdout") == b"up\n", "the start")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert taken.of("stdout") == b"up\ncleaned\n"


async def test_what_a_command_leaves_behind_ends_with_it() -> None:
    taken = Taken()
    result = await run_command(["sh", "-c", "sleep 600 & echo $!"], taken.write)
    assert result.ok
    pid = int(taken.of("stdout"))
    await until(lambda: not alive(pid), "the end of what was left behind")


async def test_somebody_who_left_the_group_does_not_hold_the_build(tmp_path: Path) -> None:
    taken, gone = Taken(), tmp_path / "gone"
    script = f"setsid sh -c 'echo $$; echo > {gone}; exec sleep 30' & while [ ! -s {gone} ]; do sleep 0.01; done"
    result = await run_command(["sh", "-c", script], taken.write)
    assert result.ok
    os.kill(int(taken.of("stdout")), 9)


async def test_a_command_that_a_signal_ends_says_which() -> None:
    assert (await run_command(["sh", "-c", "kill -KILL $$"], Taken().write)).exit_code == -9


async def test_a_writer_that_fails_ends_the_command() -> None:
    async def write(stream: Stream, chunk: bytes) -> None:
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        await run_command(["sh", "-c", "echo x; sleep 600"], write, grace_ms=lambda: 100)


async def test_a_command_does_not_outlive_a_worker_that_is_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 600 & echo $$ $! > {pids}.part; mv {pids}.part {pids}; wait"
    program = f"""
import asyncio
from sluice_worker.commands import run_command

async def write(stream, chunk):
    pass

asyncio.run(run_command(["sh", "-c", {script!r}], write))
"""
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    await until(pids.exists)
    shell, child = (int(pid) for pid in pids.read_text().split())
    assert alive(shell) and alive(child)
    worker.kill()
    await worker.wait()
    await until(lambda: not alive(shell) and not alive(child))
