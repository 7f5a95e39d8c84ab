"""Handlers that a process of its own has to find again."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from sluice_worker import BlockingBuild, BlockingTask, Build, BuildResult, NonRetryable


def in_a_process(build: BlockingBuild) -> BuildResult:
    """Says how far it is, prints, runs a command, and tells where it was."""
    build.progress(1, 2, "half")
    print("printed", flush=True)
    build.write("written\n")
    subprocess.run(["echo", "from a command"], check=True)
    code = build.run([sys.executable, "-c", "print('through the build')"]).exit_code
    return BuildResult(output={"pid": os.getpid(), "target": build.target}, exit_code=code)


async def async_in_a_process(build: Build) -> int:
    """The same for `async def`."""
    await build.progress(message="async")
    return os.getpid()


def hard_headed(build: BlockingBuild) -> None:
    """Never looks whether somebody still waits, and has a child of the same kind."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    build.write(f"{os.getpid()} {child.pid}\n")
    while True:
        time.sleep(1)


def refuses(build: BlockingBuild) -> None:
    """Says that trying again would not help."""
    raise NonRetryable(f"{build.target} is not there", code="no_target")


def dies(build: BlockingBuild) -> None:
    """Ends without a word."""
    os._exit(7)


def task_in_a_process(given: dict[str, int], task: BlockingTask) -> dict[str, object]:
    """A task that notes, prints, and says where it was."""
    task.progress({"done": given["n"]})
    task.log("noted", {"n": given["n"]})
    print("printed", flush=True)
    return {"twice": given["n"] * 2, "pid": os.getpid(), "attempt": task.attempt}
