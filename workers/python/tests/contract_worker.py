"""The Python worker of the contract suite: `contract_worker.py PORT WORKER_ID [TOKEN]`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from typing import Any

from sluice_worker import Build, MessageType, ResourcesExhausted, MasterError, VersionConflict, Worker

port, worker_id, *rest = sys.argv[1:]
worker = Worker(
    worker_id,
    token=rest[0] if rest else None,
    heartbeat_ms=200,
    labels=[f"machine={worker_id}"],
    resources={"cpu": 2},
)


async def state(options: Any) -> object:
    """Values with versions."""
    key = options["key"]
    version = await worker.state.set(key, {"n": 1, "list": [None, True, 2.5]}, if_version=0)
    conflict = None
    try:
        await worker.state.set(key, 2, if_version=0)
    except VersionConflict as error:
        conflict = error.code
    found = await worker.state.get(key)
    await worker.state.delete(key, if_version=version)
    gone = await worker.state.get(key)
    return {
        "created": True,
        "conflict": conflict,
        "found": found and found.value,
        "deleted": True,
        "gone": 0 if gone is None else gone.version,
    }


async def lock(options: Any) -> object:
    """Contends for a lock, and counts under it."""
    fences = []
    resource = options["resource"]
    for _ in range(int(options["rounds"])):
        async with worker.locks.hold(resource, wait_ms=20_000) as held:
            entry = await worker.state.get(f"inside {resource}")
            await worker.state.set(f"inside {resource}", (entry.value if entry else 0) + 1)
            fences.append(held.fence)
            right, held.token = held.token, "wrong"
            try:
                await worker.locks.release(held)
            except MasterError:
                held.token = right
    return fences


async def resources(options: Any) -> object:
    """Claims what there is."""
    claim = await worker.resources.claim({"cpu": 2})
    refused = True
    try:
        await worker.resources.claim({"cpu": 1})
    except ResourcesExhausted:
        refused = False
    await worker.resources.release(claim)
    status = await worker.resources.status()
    return {
        "claimed": True,
        "refused": refused,
        "released": True,
        "total": dict(status.total),
        "left": dict(status.claimed),
    }


async def read(options: Any) -> object:
    """The value of a key."""
    entry = await worker.state.get(options["key"])
    return entry and entry.value


SHARED = {"state": state, "lock": lock, "resources": resources, "read": read}


@worker.on(MessageType.BUILD_REQUEST)
async def build(build: Build) -> object:
    """The targets of the suite."""
    if build.target == "block":
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, build.options.raw["block_ms"] / 1000)
    if build.target == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if build.target in SHARED:
        # A master that passes on only the options it knows has them in the environment.
        variables = {name.lower(): value for name, value in build.options.env.items()}
        return await SHARED[build.target]({**build.options.raw, **variables})
    if build.options.command:
        return await build.run()
    await build.progress(1, 1, "Übersetzt 🚀")
    return "é" * (5 * 1024 * 1024) if build.target == "large" else build.target


async def main() -> None:
    """Works until it is told to leave."""
    await worker.connect("127.0.0.1", int(port))
    print("accepted python", flush=True)
    await worker.run()


asyncio.run(main())
