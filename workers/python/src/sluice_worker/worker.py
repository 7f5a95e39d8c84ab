"""A worker: connects to a master, builds what it is asked to, and shares state, locks and resources with others."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import platform
import random
import signal
import ssl
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from .backoff import Backoff
from .blobs import Blobs, blobs_url_in
from .builds import Build
from .calls import Handler, RunsIn
from .connection import Connection, Wire, is_loopback
from .errors import NonRetryable
from .execution import Executions
from .folders import run_options_command
from .frames import Message
from .link import Link, LinkHandlers
from .messages import MessageType, RunMessageType, present
from .secret_files import token_of, write_secret
from .shared import Locks, Resources, State
from .tasks import Pieces, Task, is_about_a_task, pieces_of, takes_task
from .websocket import dial_websocket, websocket_url
from .work import Work

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

#: Milliseconds between two heartbeats of this worker.
HEARTBEAT_MS = 5_000
#: What runs when the worker is asked to leave has this long to end.
DRAIN_MS = 30_000


def own_labels() -> list[str]:
    """Labels that every worker has: `os`, `arch`, `libc` where there is a choice, and `runtime`."""
    system = {"windows": "win32"}.get(platform.system().lower(), platform.system().lower())
    machine = platform.machine().lower()
    arch = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(machine, machine)
    labels = [f"os={system}", f"arch={arch}", "runtime=python"]
    if system == "linux":
        labels.append("libc=glibc" if platform.libc_ver()[0] == "glibc" else "libc=musl")
    return labels


def own_resources() -> dict[str, float]:
    """What the machine has, where it says so: `cpu` in cores, `memory_bytes`."""
    found: dict[str, float] = {"cpu": os.cpu_count() or 1}
    with contextlib.suppress(AttributeError, OSError, ValueError):
        found["memory_bytes"] = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return found


async def _unknown_task(_: object, task: Task) -> None:
    raise NonRetryable(f"This worker has no task {task.name!r}.", code="not_found")


class Worker:
    """One worker of one master.

    `worker_id` names it: two live workers of one name are one too many, and the newer wins. `token` or `token_file` is what
    lets it join; `credential_file` keeps the credential that the master gives for it, with which it comes back.
    """

    def __init__(
        self,
        worker_id: str,
        capabilities: Iterable[str] = ("build",),
        *,
        slots: int = 1,
        labels: Iterable[str] = (),
        resources: Mapping[str, float] | None = None,
        token: str | None = None,
        token_file: str | os.PathLike[str] | None = None,
        credential_file: str | os.PathLike[str] | None = None,
        blobs_url: str | None = None,
        blobs_tls: ssl.SSLContext | None = None,
        pass_env: Iterable[str] = (),
        heartbeat_ms: float = HEARTBEAT_MS,
        drain_ms: float = DRAIN_MS,
        backoff: Backoff = Backoff(),
        chance: Callable[[], float] = random.random,
        log: logging.Logger | None = None,
    ) -> None:
        if slots < 1:
            raise ValueError("a worker has at least one slot")
        self.worker_id = worker_id
        self.capabilities = list(capabilities)
        self.slots = slots
        self.labels = list(dict.fromkeys([*own_labels(), *labels]))
        self._resources = dict(resources) if resources is not None else own_resources()
        self._pass_env = tuple(pass_env)
        self._heartbeat_ms = heartbeat_ms
        self._drain_ms = drain_ms
        self._log = log or logging.getLogger("sluice_worker")
        self._credential_file = Path(credential_file) if credential_file is not None else None
        self._token = token_of(token, token_file, self._credential_file)
        #: Where builds fetch their inputs and store their outputs: at `blobs_url`, or where the master says.
        self.blobs = self._blobs_at(blobs_url, blobs_tls)
        self._blobs_tls = blobs_tls
        self._blobs_given = blobs_url is not None
        self._master_url: str | None = None
        self._build_handler = Handler.of(run_options_command)
        self._tasks: dict[str, Handler] = {}
        self._pieces = Pieces()
        self._sending_pieces = asyncio.Lock()
        self._observers: dict[MessageType, list[Callable[[Message], object]]] = {}
        self._leaving = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._link = Link(
            worker_id,
            LinkHandlers(self._hello, self._heartbeat, self._accepted, self._received),
            heartbeat_ms=heartbeat_ms,
            backoff=backoff,
            chance=chance,
            log=self._log,
        )
        self._executions: Executions | None = None
        #: Values shared by all workers of the master.
        self.state = State(self._link)
        #: Mutual exclusion among all workers of the master.
        self.locks = Locks(self._link)
        #: Admission by amounts.
        self.resources = Resources(self._link)

    def on(self, kind: MessageType, *, runs_in: RunsIn | None = None) -> Callable[[F], F]:
        """Registers what is done with messages of a type.

        For BUILD_REQUEST that is the handler of builds: `async def` with a `Build` works in the worker's event loop, `def`
        with a `BlockingBuild` in a thread, `runs_in="process"` in a process of its own; what it returns is the build's
        output, what it raises its failure. For other types it is told of the `Message`, in the event loop: of HELLO_ACK
        with every new connection.
        """

        def register(function: F) -> F:
            if kind == MessageType.BUILD_REQUEST:
                self._build_handler = Handler.of(function, runs_in)
            elif runs_in is not None:
                raise ValueError(f"runs_in is for BUILD_REQUEST, not for {kind.name}")
            else:
                self._observers.setdefault(kind, []).append(function)
            return function

        return register

    def task(self, name: str, *, runs_in: RunsIn | None = None) -> Callable[[F], F]:
        """Registers a task that runs call by its name: `ctx.task("resize", input)`.

        The function gets the input, and as a second argument, where it takes one, the `Task` (`async def`) or `BlockingTask`
        (`def`); what it returns is the result, what it raises the failure. Where it works is as for `on`. Tasks are
        registered before the worker connects.
        """

        def register(function: F) -> F:
            takes_task(function)
            if name in self._tasks:
                raise ValueError(f"two tasks are named {name}")
            if self._executions is not None:
                raise RuntimeError("tasks are registered before the worker connects")
            self._tasks[name] = Handler.of(function, runs_in)
            return function

        return register

    @property
    def connected(self) -> bool:
        """A master has accepted this worker, on a connection that is still there."""
        return self._link.connected

    @property
    def running(self) -> int:
        """Builds in this worker's hands."""
        return len(self._executions) if self._executions is not None else 0

    async def connect(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        server_name: str | None = None,
        wait: bool = False,
    ) -> None:
        """Connects to a master; from then on the worker works, and comes back when the connection is lost.

        Another machine is reached over `tls` only. With `wait` a master that is not there yet is tried until it is. Raises
        `Refused` where the master does not take the worker, and `OSError` or `TimeoutError` where it cannot be reached.
        """
        if tls is None and not is_loopback(host):
            raise ValueError(f"{host} is another machine: a token may travel there over TLS only (pass tls=…)")
        name = (server_name or host) if tls is not None else None

        async def dial() -> Connection:
            return Connection(*await asyncio.open_connection(host, port, ssl=tls, server_hostname=name))

        await self._connect(dial, wait)

    async def connect_url(self, url: str, *, tls: ssl.SSLContext | None = None, wait: bool = False) -> None:
        """As `connect`, over WebSocket: `ws://HOST:PORT` or `wss://HOST:PORT`, with the path `/worker` where there is none.

        It needs the extra `sluice-worker[ws]`. `tls`: what `wss://` trusts; by default what the machine trusts.
        """
        whole = websocket_url(url)
        self._master_url = "http" + whole.removeprefix("ws")
        self._blobs_tls = self._blobs_tls or tls
        await self._connect(lambda: dial_websocket(whole, tls), wait)

    async def _connect(self, dial: Callable[[], Coroutine[Any, Any, Wire]], wait: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._executions = Executions(self._send, self._link.when_read, slots=self.slots)
        await self._link.connect(dial, wait=wait)

    async def run(self) -> None:
        """Works until the worker is asked to leave, by `stop()`, SIGTERM or SIGINT. Raises `Refused` where the master
        does not want it any more."""
        loop = asyncio.get_running_loop()
        signals = _watch_signals(loop, self._signalled)
        try:
            await self._link.ended()
            if self._stopping is not None:
                await self._stopping
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
            await self.close()

    async def stop(self) -> None:
        """Takes no more work, lets what runs end within `drain_ms`, hands back the rest, and leaves."""
        self._leaving = True
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._drain())
        await asyncio.shield(self._stopping)

    async def close(self) -> None:
        """Leaves now; what runs is handed back."""
        self._leaving = True
        if self._executions is not None:
            await self._executions.hand_back(0)
        await self._link.close()

    def wait_for(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """For handlers in threads: runs a coroutine of this worker and waits, as in `worker.wait_for(worker.state.get("k"))`."""
        if self._loop is None:
            coroutine.close()
            raise RuntimeError("the worker is not connected")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _drain(self) -> None:
        assert self._executions is not None
        self._log.info("leaving: %d running", len(self._executions))
        if not await self._executions.idle(self._drain_ms):
            left = self._executions.held()
            await self._executions.hand_back(0)
            await self._hand_back(left)
        await self._executions.read(HEARTBEAT_MS)
        await self._link.close()

    async def _send(self, kind: int, payload: Mapping[str, Any]) -> None:
        if kind != RunMessageType.RESULT:
            await self._link.send(kind, payload)
            return
        # Pieces of one message follow each other.
        async with self._sending_pieces:
            await self._link.send_together(pieces_of(kind, payload))

    async def _hand_back(self, left: Iterable[Work]) -> None:
        """Gives tasks back at once; builds go back with the connection."""
        tasks = [{"task": work.id, "epoch": work.epoch} for work in left if isinstance(work, Task)]
        if tasks and self._link.connected:
            await self._link.send(RunMessageType.HANDBACK, {"items": [{"runs": [], "tasks": tasks}]})

    def _signalled(self) -> None:
        if self._leaving:
            # Whoever asks twice does not want to wait.
            self._stopping = asyncio.ensure_future(self.close())
        else:
            self._leaving = True
            self._stopping = asyncio.ensure_future(self._drain())

    def _hello(self) -> dict[str, Any]:
        version = "%d.%d.%d" % sys.version_info[:3]
        return present(
            worker_id=self.worker_id,
            capabilities=self.capabilities,
            runtime="python",
            token=self._token,
            slots=self.slots,
            labels=self.labels,
            resources=self._resources,
            python_version=version,
            heartbeat_ms=self._heartbeat_ms,
            tasks=[{"name": name} for name in self._tasks] or None,
            running=self._executions.running() if self._executions is not None else [],
        )

    def _heartbeat(self) -> dict[str, Any]:
        running = self._executions.running() if self._executions is not None else []
        return {"worker_id": self.worker_id, "load": self.running / self.slots, "running": running}

    def _accepted(self, payload: dict[str, Any], message: Message) -> None:
        self._pieces = Pieces()
        credential = payload.get("credential")
        if credential is not None:
            self._token = credential
            if self._credential_file is not None:
                write_secret(self._credential_file, credential)
        if not self._blobs_given:
            self.blobs = self._blobs_at(blobs_url_in(payload, self._master_url), self._blobs_tls)
        self._log.info("connected to %s", payload.get("master_id", "the master"))
        if self._executions is not None:
            self._executions.reconnected()
        for observer in self._observers.get(MessageType.HELLO_ACK, ()):
            observer(message)

    def _blobs_at(self, url: str | None, tls: ssl.SSLContext | None) -> Blobs | None:
        return Blobs(url, lambda: self._token, tls) if url is not None else None

    def _received(self, kind: int, payload: dict[str, Any], message: Message) -> bool:
        if self._executions is None:
            return False
        if not isinstance(kind, MessageType):
            return self._received_of_runs(self._executions, kind, payload)
        if kind == MessageType.BUILD_REQUEST:
            build = Build(payload, self._send, loop=self._loop, blobs=self.blobs, pass_env=self._pass_env)
            refusal = "worker_draining" if self._leaving else self._executions.start(build, self._build_handler)
            if refusal is not None:
                self._refuse(refusal, message)
        elif kind == MessageType.BUILD_CANCEL:
            self._executions.cancel(payload["build_id"], payload.get("grace_ms"))
        elif kind == MessageType.ERROR:
            self._log.warning("the master answered %s: %s", payload["code"], payload["message"])
        for observer in self._observers.get(kind, ()):
            observer(message)
        return True

    def _received_of_runs(self, executions: Executions, kind: int, payload: Mapping[str, Any]) -> bool:
        if kind == RunMessageType.PIECE:
            whole = self._pieces.take(payload)
            return whole is None or self._received_of_runs(executions, whole.type, whole.payload)
        if kind not in (RunMessageType.TASK, RunMessageType.REVOKE) or not isinstance(payload.get("items"), list):
            return False
        for item in payload["items"]:
            if not is_about_a_task(item, kind):
                return False
            if kind == RunMessageType.REVOKE:
                executions.cancel(item["task"], None, item["epoch"])
            else:
                self._begin_task(executions, Task(item, self._send, loop=self._loop))
        return True

    def _begin_task(self, executions: Executions, task: Task) -> None:
        handler = self._tasks.get(task.name) or Handler.of(_unknown_task)
        if self._leaving or executions.start(task, handler) is not None:
            assert self._loop is not None
            self._loop.create_task(self._hand_back([task]))

    def _refuse(self, code: str, message: Message) -> None:
        text = "This worker is leaving." if code == "worker_draining" else "This worker has no room."
        payload = {"request_id": message.id, "code": code, "message": text}
        assert self._loop is not None
        self._loop.create_task(self._link.send(MessageType.ERROR, payload))


def _watch_signals(loop: asyncio.AbstractEventLoop, tell: Callable[[], None]) -> list[signal.Signals]:
    """Has SIGTERM and SIGINT told to `tell`, where this thread may: the main one of a Unix process."""
    watched: list[signal.Signals] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, tell)
        except (NotImplementedError, RuntimeError, ValueError):
            continue
        watched.append(number)
    return watched
