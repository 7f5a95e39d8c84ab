"""A master in Python: accepts workers of every runtime, gives builds to them, and serves what they share."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..connection import Connection, Wire, is_loopback
from ..frames import FRAME_BYTES_MAX, Message, encode_message, new_id, now_ms
from ..messages import MessageType, parse_payload
from .builds import ATTEMPTS_MAX, CANCEL_GRACE_MS, Builds, DispatchedBuild, Holder, Placement
from .locks import LockTable
from .peer import Peer
from .resources import ResourceTable
from .state import StateTable
from .tokens import Door, Refusal, WorkerToken
from .websocket_listener import Listening, WebSocketListener

#: How often the master asks a worker whether it is there.
HEARTBEAT_MS = 10_000
#: A worker whose socket closed has this long to come back to what it was doing.
RECONNECT_GRACE_MS = 500
#: Connections at once.
CONNECTIONS_MAX = 2_000


@dataclass(frozen=True)
class WorkerInfo:
    """A worker that is connected."""

    worker_id: str
    runtime: str
    capabilities: frozenset[str]
    labels: frozenset[str]
    slots: int
    running: int
    #: What it says itself, from 0 to 1 where it is one of ours.
    load: float | None
    draining: bool


class MasterDaemon:
    """A master of the worker protocol, for programs whose control plane is Python.

    What it knows lives in memory: builds that have not ended end with it. `tokens` let workers in, each under one name;
    without them everybody may come in, which is for loopback only, as is everything without `tls`. With `websocket_port` (0:
    one that is free) it listens on WebSocket as well, which needs the extra `sluice-worker[ws]`.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tokens: Iterable[str | WorkerToken] = (),
        tls: ssl.SSLContext | None = None,
        websocket_port: int | None = None,
        master_id: str | None = None,
        heartbeat_ms: float = HEARTBEAT_MS,
        reconnect_grace_ms: float = RECONNECT_GRACE_MS,
        attempts_max: int = ATTEMPTS_MAX,
        cancel_grace_ms: float = CANCEL_GRACE_MS,
        frame_bytes_max: int = FRAME_BYTES_MAX,
        clock: Callable[[], float] = now_ms,
        log: logging.Logger | None = None,
    ) -> None:
        allowed = list(tokens)
        if not is_loopback(host) and tls is None:
            raise ValueError(f"{host} is no loopback address: workers on other machines need TLS (pass tls=…)")
        if not is_loopback(host) and not allowed:
            raise ValueError(f"{host} is no loopback address: workers on other machines need tokens (pass tokens=…)")
        self.host = host
        self.port = port
        self.websocket_port = websocket_port
        self.master_id = master_id or f"python-{new_id()}"
        self.heartbeat_ms = heartbeat_ms
        self._reconnect_grace_ms = reconnect_grace_ms
        self._frame_bytes_max = frame_bytes_max
        self._tls = tls
        self._log = log or logging.getLogger("sluice_worker.master")
        self._door = Door(allowed)
        self._server: asyncio.AbstractServer | None = None
        self._websockets: WebSocketListener | None = None
        self._peers: dict[str, Peer] = {}
        self._serving: dict[Peer, asyncio.Task[None]] = {}
        self._absent: dict[str, asyncio.TimerHandle] = {}
        self._joined = asyncio.Event()
        self.state = StateTable(clock)
        self.locks = LockTable(clock)
        self.resources = ResourceTable()
        holders: Mapping[str, Holder] = self._peers
        self.builds = Builds(holders, self._log, attempts_max=attempts_max, cancel_grace_ms=cancel_grace_ms)

    async def start(self) -> None:
        """Listens; afterwards `port` and `websocket_port` are those that were taken.

        Raises `OSError` where one is taken already, and `ValueError` where WebSocket is asked for without its library.
        """
        self._server = await asyncio.start_server(self._connected, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        if self.websocket_port is None:
            return
        how = Listening(self.host, self.websocket_port, self._tls, self._frame_bytes_max, self._door.open, self._take_in)
        try:
            self._websockets = await WebSocketListener.listen(how)
        except BaseException:
            self._server.close()
            raise
        self.websocket_port = self._websockets.port

    async def stop(self) -> None:
        """Closes every connection. Builds that have not ended fail with the code `master_stopped`."""
        for listener in (self._server, self._websockets):
            if listener is not None:
                listener.close()
        for timer in self._absent.values():
            timer.cancel()
        self._absent.clear()
        self.builds.stop()
        for peer in list(self._serving):
            peer.dismiss("draining", "The master is stopping.")
        await asyncio.gather(*self._serving.values(), return_exceptions=True)
        for listener in (self._server, self._websockets):
            if listener is not None:
                await listener.wait_closed()

    async def __aenter__(self) -> MasterDaemon:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def dispatch_build(
        self,
        target: str,
        options: Mapping[str, Any] | None = None,
        *,
        capabilities: Iterable[str] = (),
        labels: Iterable[str] = (),
        runtime: str | None = None,
    ) -> DispatchedBuild:
        """Has `target` built by a worker that has all of the `capabilities` and `labels`, as soon as there is one.

        `options`: `command` (argv), `cwd`, `env`, `inputs`, `outputs`, `timeout_ms`, and what a handler knows beside them.
        Raises `MessageError` or `FrameError` for options that cannot be sent, `SluiceError` `queue_full`.
        """
        on = Placement(frozenset(capabilities), frozenset(labels), runtime)
        build = DispatchedBuild(self.builds, new_id(), target, dict(options or {}), on)
        request = {"build_id": build.id, "target": target, "options": build.options, "epoch": 0}
        # What no worker could read is refused here, not when it is its turn.
        message = Message(type=MessageType.BUILD_REQUEST, payload=request)
        parse_payload(message, "master")
        encode_message(message, self._frame_bytes_max)
        self.builds.add(build)
        return build

    def workers(self) -> list[WorkerInfo]:
        """Who is connected, in the order in which they came."""
        return [
            WorkerInfo(
                peer.worker_id,
                peer.runtime,
                peer.capabilities,
                peer.labels,
                peer.slots,
                len(peer.held),
                peer.load,
                peer.draining,
            )
            for peer in self._peers.values()
        ]

    async def wait_for_workers(self, count: int = 1) -> None:
        """Returns once so many workers are connected."""
        while len(self._peers) < count:
            self._joined.clear()
            await self._joined.wait()

    def drain(self, worker_id: str) -> bool:
        """Gives a worker no new builds; what it has it may finish. False where it is not connected."""
        peer = self._peers.get(worker_id)
        if peer is not None:
            peer.draining = True
        return peer is not None

    def revoke(self, token: str) -> bool:
        """The token lets nobody in any more, and who came with it is sent away. False where it is not known."""
        revoked = self._door.revoke(token)
        for peer in list(self._peers.values()):
            if revoked is not None and peer.permit is not None and peer.permit.token is revoked:
                self._forget(peer)
                peer.held.clear()
                peer.dismiss("token_ended", "The token is good no more.")
                self.builds.lost(peer.worker_id, "its token was revoked")
        return revoked is not None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._take_in(Connection(reader, writer, self._frame_bytes_max))

    async def _take_in(self, connection: Wire) -> None:
        if len(self._serving) >= CONNECTIONS_MAX:
            connection.post_error("too_many_requests", f"There are {CONNECTIONS_MAX} connections (CONNECTIONS_MAX).")
            await connection.close()
            return
        peer = Peer(self, connection, self._log)
        task = asyncio.current_task()
        assert task is not None
        self._serving[peer] = task
        try:
            await peer.serve()
        finally:
            self._serving.pop(peer, None)

    def admit(self, peer: Peer, hello: Mapping[str, Any]) -> str | None:
        """Judges a HELLO; the reason where it is refused."""
        admitted = self._door.admit(peer.worker_id, hello.get("token"), hello.get("labels", ()))
        if isinstance(admitted, Refusal):
            return admitted.reason
        peer.permit = admitted
        return None

    def entered(self, peer: Peer, running: list[dict[str, Any]]) -> None:
        """A worker is in. The newer of two with one name wins; what the older had is the newer's to announce, or lost."""
        older = self._peers.pop(peer.worker_id, None)
        if older is not None:
            older.held.clear()
            older.dismiss("worker_replaced", "Another worker with this worker_id has connected.")
        absent = self._absent.pop(peer.worker_id, None)
        if absent is not None:
            absent.cancel()
        self._peers[peer.worker_id] = peer
        self._log.info("%s (%s) connected", peer.worker_id, peer.runtime)
        self.builds.resume(peer, running)
        self._joined.set()

    def left(self, peer: Peer, why: str) -> None:
        """A connection is over: its worker has a moment to come back."""
        if not self._forget(peer) or (self._server is not None and not self._server.is_serving()):
            return
        self._log.info("%s is gone: %s", peer.worker_id, why)
        later = self._reconnect_grace_ms / 1000
        self._absent[peer.worker_id] = asyncio.get_running_loop().call_later(later, self._lost, peer.worker_id, why)

    def _lost(self, worker_id: str, why: str) -> None:
        del self._absent[worker_id]
        self.builds.lost(worker_id, why)

    def _forget(self, peer: Peer) -> bool:
        if self._peers.get(peer.worker_id) is not peer:
            return False
        del self._peers[peer.worker_id]
        return True
