"""What the measured Python workers can do; the environment says which of them it is."""

import os

from sluice_worker import Worker

name = os.environ["WORKER_ID"]
worker = Worker(name, ["tasks"], labels=[name], slots=int(os.environ["WORKER_SLOTS"]), token_file=os.environ["WORKER_TOKEN"])


@worker.task("noop")
async def noop(given: object) -> None:
    return None
