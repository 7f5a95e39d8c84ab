"""The peer: Celery's worker loads this for its task; as a program it is the load, a task after the other, then many at once."""

import json
import os
import sys
import time
from collections import deque

from celery import Celery

redis = f"redis://127.0.0.1:{os.environ['REDIS_PORT']}/0"
app = Celery("celery_noop", broker=redis, backend=redis)
app.conf.broker_connection_retry_on_startup = True
IN_FLIGHT = 256


@app.task(name="noop")
def noop(given):
    return None


def main(warmup, trips, tasks):
    times = []
    for trip in range(warmup + trips):
        started = time.perf_counter()
        noop.delay(None).get(timeout=60)
        if trip >= warmup:
            times.append((time.perf_counter() - started) * 1000)
    started = time.perf_counter()
    waiting = deque()
    for _ in range(tasks):
        if len(waiting) == IN_FLIGHT:
            waiting.popleft().get(timeout=60)
        waiting.append(noop.delay(None))
    for result in waiting:
        result.get(timeout=60)
    rate = tasks / (time.perf_counter() - started)
    print(json.dumps({"tripMs": sorted(times)[len(times) // 2], "perSecond": rate}))


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    main(given["warmup"], given["trips"], given["tasks"])
