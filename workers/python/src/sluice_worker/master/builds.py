"""Builds of a master: what waits, who has what, and what becomes of it when a worker dies."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ..commands import GRACE_MS
from ..errors import BuildFailed, SluiceError
from ..messages import MessageType
from .events import BuildEvent, EventStream, Watchers

#: Builds that may wait for a worker.
BUILDS_QUEUED_MAX = 10_000
#: A build that was given out this often without an end, each time to a worker that died of something, is given up.
ATTEMPTS_MAX = 3
#: Bytes of the newest output of a build that are kept.
OUTPUT_BYTES_KEPT = 1_048_576
#: Beyond the grace of a cancelled build its worker has this long to say that it has ended; then it counts as ended.
CANCEL_GRACE_MS = 5_000

BuildStatus = Literal["queued", "running", "completed", "failed", "cancelled"]


class Holder(Protocol):
    """A worker as builds see it."""

    worker_id: str
    runtime: str
    basic: bool
    draining: bool
    slots: int
    capabilities: frozenset[str]
    labels: frozenset[str]
    #: Epoch by build, of what it was given.
    held: dict[str, int]

    def post(self, kind: MessageType, payload: Mapping[str, Any]) -> str | None:
        """Sends; the message's id, or None where the connection is over."""


@dataclass(frozen=True)
class Placement:
    """Which workers may do a build."""

    capabilities: frozenset[str]
    labels: frozenset[str]
    runtime: str | None

    def suits(self, worker: Holder) -> bool:
        """Whether a worker could take such a build, now or when it has room."""
        # A basic worker is one for builds; others say that they are.
        able = worker.basic or "build" in worker.capabilities
        if worker.draining or not able or self.runtime not in (None, worker.runtime):
            return False
        return self.capabilities <= worker.capabilities and self.labels <= worker.labels


@dataclass(frozen=True)
class BuildReport:
    """A build that succeeded."""

    output: Any
    exit_code: int | None
    duration_ms: float | None
    artifacts: Sequence[Mapping[str, Any]]
    worker_id: str


class DispatchedBuild:
    """A build that was asked for. It is given out until it ends, by this worker or another."""

    def __init__(self, table: Builds, id: str, target: str, options: Mapping[str, Any], on: Placement) -> None:
        self._table = table
        self.id = id
        self.target = target
        self.options = dict(options)
        self.on = on
        self.status: BuildStatus = "queued"
        #: Which giving-out this is, from 1. What comes under an older one is refused.
        self.epoch = 0
        #: Who has it, or had it last.
        self.worker_id: str | None = None
        self.attempts = 0
        self.cancel_asked = False
        self.request_id: str | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.watchers = Watchers()
        self._output: deque[bytes] = deque()
        self._output_bytes = 0
        self._ended = asyncio.Event()
        self._report: BuildReport | None = None
        self._failure: BuildFailed | None = None

    @property
    def over(self) -> bool:
        """It has ended."""
        return self._ended.is_set()

    @property
    def output(self) -> bytes:
        """The newest output of both streams, `OUTPUT_BYTES_KEPT` at most."""
        return b"".join(self._output)[-OUTPUT_BYTES_KEPT:]

    def events(self) -> EventStream:
        """What happens from now on, to be taken as it comes: the worker waits for whoever watches."""
        return self.watchers.add(BuildEvent("ended", self.worker_id, self.epoch) if self.over else None)

    async def result(self) -> BuildReport:
        """Waits for the end. Raises `BuildFailed`, its code `cancelled`, `timeout`, `worker_lost` or the worker's own."""
        await self._ended.wait()
        if self._failure is not None:
            raise self._failure
        assert self._report is not None
        return self._report

    async def cancel(self, grace_ms: float = GRACE_MS) -> None:
        """Has the build ended, and waits until it has."""
        self._table.cancel(self, grace_ms)
        await self._ended.wait()

    def keep_output(self, chunk: bytes) -> None:
        """Keeps the newest output."""
        self._output.append(chunk)
        self._output_bytes += len(chunk)
        while self._output_bytes - len(self._output[0]) >= OUTPUT_BYTES_KEPT:
            self._output_bytes -= len(self._output.popleft())

    def end(self, status: BuildStatus, report: BuildReport | None, failure: BuildFailed | None) -> None:
        """Called once, by the table."""
        self.status, self._report, self._failure = status, report, failure
        if self.timer is not None:
            self.timer.cancel()
        self._ended.set()
        self.watchers.tell(BuildEvent("ended", self.worker_id, self.epoch))


class Builds:
    """The builds that have not ended, and where they are."""

    def __init__(self, workers: Mapping[str, Holder], log: logging.Logger, *, attempts_max: int, cancel_grace_ms: float) -> None:
        self._workers = workers
        self._log = log
        self._attempts_max = attempts_max
        self._cancel_grace_ms = cancel_grace_ms
        self._queue: dict[str, DispatchedBuild] = {}
        self._running: dict[str, DispatchedBuild] = {}

    @property
    def queued(self) -> int:
        """Builds that wait for a worker."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """Builds in workers' hands."""
        return len(self._running)

    def add(self, build: DispatchedBuild) -> None:
        """Takes a new build. Raises `SluiceError` `queue_full`."""
        if len(self._queue) >= BUILDS_QUEUED_MAX:
            raise SluiceError(f"{BUILDS_QUEUED_MAX} builds wait already (BUILDS_QUEUED_MAX)", code="queue_full")
        self._queue[build.id] = build
        self.place()

    def place(self) -> None:
        """Gives out what there is room for, in the order in which it came."""
        full: set[Placement] = set()
        for build in list(self._queue.values()):
            if all(len(worker.held) >= worker.slots for worker in self._workers.values()):
                return
            worker = None if build.on in full else self._worker_for(build.on)
            if worker is None:
                # Where there is no room, there is none for those that ask for the same.
                full.add(build.on)
            else:
                self._give(build, worker)

    def _worker_for(self, on: Placement) -> Holder | None:
        fitting = [each for each in self._workers.values() if len(each.held) < each.slots and on.suits(each)]
        return min(fitting, key=lambda worker: len(worker.held) / worker.slots, default=None)

    def _give(self, build: DispatchedBuild, worker: Holder) -> None:
        del self._queue[build.id]
        build.epoch += 1
        build.attempts += 1
        build.status, build.worker_id = "running", worker.worker_id
        self._running[build.id] = build
        worker.held[build.id] = build.epoch
        payload = {"build_id": build.id, "target": build.target, "options": build.options, "epoch": build.epoch}
        build.request_id = worker.post(MessageType.BUILD_REQUEST, payload)
        build.watchers.tell(BuildEvent("given", worker.worker_id, build.epoch))
        timeout_ms = build.options.get("timeout_ms")
        if timeout_ms is not None:
            build.timer = asyncio.get_running_loop().call_later(timeout_ms / 1000, self._timed_out, build, timeout_ms)

    async def report(self, worker: Holder, kind: MessageType, payload: Mapping[str, Any]) -> str | None:
        """What a worker says of a build. Waits for those who watch it. An error message where the build is not its own."""
        build_id, named = payload["build_id"], payload.get("epoch")
        build, epoch = self._running.get(build_id), worker.held.get(build_id)
        ends = kind in (MessageType.BUILD_COMPLETED, MessageType.BUILD_FAILED)
        if ends and named in (None, epoch):
            # The slot is free, whoever has the build now.
            worker.held.pop(build_id, None)
        current = build is not None and epoch == build.epoch and named in (None, epoch)
        if build is None or not current or build.worker_id != worker.worker_id:
            if ends:
                self.place()
            return f"The build {build_id} is not this worker's any more."
        if kind == MessageType.BUILD_STARTED:
            build.watchers.tell(BuildEvent("started", worker.worker_id, build.epoch))
        elif kind == MessageType.BUILD_PROGRESS:
            await self._progress(build, payload)
        else:
            self._end(build, kind, payload)
        return None

    async def _progress(self, build: DispatchedBuild, payload: Mapping[str, Any]) -> None:
        done, total, message, chunk = (payload.get(key) for key in ("done", "total", "message", "chunk"))
        if done is not None or total is not None or message is not None:
            event = BuildEvent("progress", build.worker_id, build.epoch, done=done, total=total, message=message)
            await build.watchers.deliver(event)
        if chunk is not None:
            data = chunk.encode() if isinstance(chunk, str) else chunk
            build.keep_output(data)
            stream = payload.get("stream", "stdout")
            await build.watchers.deliver(BuildEvent("output", build.worker_id, build.epoch, stream=stream, chunk=data))

    def _end(self, build: DispatchedBuild, kind: MessageType, payload: Mapping[str, Any]) -> None:
        del self._running[build.id]
        output, exit_code = payload.get("output"), payload.get("exit_code")
        if kind == MessageType.BUILD_COMPLETED:
            assert build.worker_id is not None
            duration_ms, artifacts = payload.get("duration_ms"), payload.get("artifacts", ())
            build.end("completed", BuildReport(output, exit_code, duration_ms, artifacts, build.worker_id), None)
        else:
            error = payload.get("error") or {"code": "build_failed", "message": "The worker does not say why."}
            failure = BuildFailed(error["message"], code=error["code"], exit_code=exit_code, output=output)
            build.end("cancelled" if build.cancel_asked else "failed", None, failure)
        self.place()

    def cancel(self, build: DispatchedBuild, grace_ms: float) -> None:
        """Ends what waits at once, and asks the worker of what runs; after the grace it counts as ended."""
        if build.over or build.cancel_asked:
            return
        build.cancel_asked = True
        failure = BuildFailed("The build was cancelled.", code="cancelled")
        if self._queue.pop(build.id, None) is not None:
            build.end("cancelled", None, failure)
            return
        self._tell_cancel(build, grace_ms)
        if build.timer is not None:
            build.timer.cancel()
        # The worker needs the grace itself, and a moment to say so.
        later = (grace_ms + self._cancel_grace_ms) / 1000
        build.timer = asyncio.get_running_loop().call_later(later, self._give_up, build, "cancelled", failure)

    def _timed_out(self, build: DispatchedBuild, timeout_ms: float) -> None:
        self._tell_cancel(build, self._cancel_grace_ms)
        self._give_up(build, "failed", BuildFailed(f"The build took longer than {timeout_ms:g} ms.", code="timeout"))

    def _tell_cancel(self, build: DispatchedBuild, grace_ms: float) -> None:
        worker = self._workers.get(build.worker_id or "")
        if worker is not None and worker.held.get(build.id) == build.epoch:
            worker.post(MessageType.BUILD_CANCEL, {"build_id": build.id, "grace_ms": grace_ms})

    def _give_up(self, build: DispatchedBuild, status: BuildStatus, failure: BuildFailed) -> None:
        if self._running.pop(build.id, None) is not None:
            build.end(status, None, failure)

    def refused(self, worker: Holder, request_id: str, code: str) -> bool:
        """An ERROR that answers a BUILD_REQUEST: the build goes to somebody else. False where it answers something else."""
        for build in self._running.values():
            if build.request_id == request_id and worker.held.get(build.id) == build.epoch:
                del worker.held[build.id]
                worker.draining = worker.draining or code == "worker_draining"
                build.attempts -= 1 if worker.draining else 0
                self._return(build, f"the worker answered {code}")
                self.place()
                return True
        return False

    def resume(self, worker: Holder, announced: Iterable[Mapping[str, Any]]) -> None:
        """A worker has come (back): what it announces and still is its own stays its own, the rest is given out again."""
        named = {each["build_id"]: each["epoch"] for each in announced}
        for build in [each for each in self._running.values() if each.worker_id == worker.worker_id]:
            if named.get(build.id) == build.epoch:
                worker.held[build.id] = named.pop(build.id)
                if build.cancel_asked:
                    self._tell_cancel(build, self._cancel_grace_ms)
            else:
                self._return(build, "the worker came back without it")
        for build_id in named:
            # Somebody else has it, or nobody wants it any more.
            worker.post(MessageType.BUILD_CANCEL, {"build_id": build_id, "grace_ms": 0})
        self.place()

    def lost(self, worker_id: str, why: str) -> None:
        """A worker is gone: what it had is given out again, under a higher epoch."""
        for build in [each for each in self._running.values() if each.worker_id == worker_id]:
            self._return(build, why)
        self.place()

    def stop(self) -> None:
        """The master is going: what has not ended never will."""
        for build in [*self._queue.values(), *self._running.values()]:
            build.end("failed", None, BuildFailed("The master was stopped.", code="master_stopped"))
        self._queue.clear()
        self._running.clear()

    def _return(self, build: DispatchedBuild, why: str) -> None:
        del self._running[build.id]
        if build.timer is not None:
            build.timer.cancel()
        self._log.warning("build %s goes back to the queue: %s", build.id, why)
        build.watchers.tell(BuildEvent("returned", build.worker_id, build.epoch, message=why))
        if build.cancel_asked:
            build.end("cancelled", None, BuildFailed("The build was cancelled.", code="cancelled"))
        elif build.attempts >= self._attempts_max:
            text = f"The build was given out {build.attempts} times, and each time its worker was lost: {why}."
            build.end("failed", None, BuildFailed(text, code="worker_lost"))
        else:
            build.status = "queued"
            # It has waited before: it goes to the front.
            self._queue = {build.id: build, **self._queue}
