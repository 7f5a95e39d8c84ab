"""The Python worker of the contract with Sluice's own master: the last argument holds its options as JSON."""

from __future__ import annotations

import asyncio
import json
import sys

from sluice_worker import Message, MessageType, Refused, Worker

options = json.loads(sys.argv[-1])
worker = Worker(
    options["workerId"],
    options["capabilities"],
    token=options.get("token"),
    heartbeat_ms=options.get("heartbeatMs", 1_000),
    slots=options.get("slots", 1),
    blobs_url=options.get("blobsUrl"),
    pass_env=options.get("passEnv", ()),
)


@worker.on(MessageType.HELLO_ACK)
def accepted(message: Message) -> None:
    """Every new connection."""
    print("connected", flush=True)


async def main() -> int:
    """Works until it is told to leave; 1 where it is not wanted."""
    try:
        await worker.connect(options["host"], options["port"])
        await worker.run()
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    return 0


sys.exit(asyncio.run(main()))
