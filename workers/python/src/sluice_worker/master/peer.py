"""One worker's connection to a Python master: nothing before HELLO, then what it asks for, one after the other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any, Protocol

from ..connection import Wire
from ..frames import FrameError, Message
from ..link import HEARTBEATS_MISSED_MAX
from ..messages import MessageError, MessageType, parse_payload, present
from .builds import Builds
from .locks import WAIT_MS_MAX, Held, LockFault, LockTable
from .resources import Claimant, ResourceTable
from .state import StateFault, StateTable
from .tokens import Permit

#: A connection says who it is within this time.
HELLO_MS = 10_000
#: Locks and resources that one worker may wait for at once.
WAITS_MAX = 100
#: Builds at once that one worker may offer to take.
SLOTS_MAX = 1_000

_OUTSIDE = "The name is not within the prefixes of the worker's token."
_BUILD_REPORTS = frozenset(
    {
        MessageType.BUILD_STARTED,
        MessageType.BUILD_PROGRESS,
        MessageType.BUILD_COMPLETED,
        MessageType.BUILD_FAILED,
    }
)


class Owner(Protocol):
    """What a connection needs of its master."""

    master_id: str
    heartbeat_ms: float
    state: StateTable
    locks: LockTable
    resources: ResourceTable
    builds: Builds

    def admit(self, peer: Peer, hello: Mapping[str, Any]) -> str | None:
        """Judges a HELLO; the reason where it is refused. Sets the peer's `permit`."""

    def entered(self, peer: Peer, running: list[dict[str, Any]]) -> None:
        """The worker was told that it is in."""

    def left(self, peer: Peer, why: str) -> None:
        """The connection is over."""


class Peer:
    """One connection, and the worker on it once HELLO was accepted."""

    def __init__(self, owner: Owner, connection: Wire, log: logging.Logger) -> None:
        self._owner = owner
        self._connection = connection
        self._log = log
        self._waits: set[asyncio.Task[None]] = set()
        self._heard_at = 0.0
        #: What it sent waits for those who watch the build: it is not read, and cannot be heard.
        self._busy = False
        self._why = "the connection was closed"
        self.worker_id = ""
        self.runtime = ""
        self.basic = True
        self.draining = False
        self.slots = 1
        self.capabilities: frozenset[str] = frozenset()
        self.labels: frozenset[str] = frozenset()
        self.held: dict[str, int] = {}
        self.load: float | None = None
        self.permit: Permit | None = None
        self._closing: asyncio.Task[None] | None = None
        self._promised_ms: float | None = None
        self._claimant = Claimant(id(self), "", {})

    async def serve(self) -> None:
        """Until the connection is over. Never raises."""
        messages = self._connection.messages()
        watch: asyncio.Task[None] | None = None
        try:
            hello = await self._greeted(messages)
            if hello is None:
                return
            self._owner.resources.join(self._claimant)
            watch = asyncio.ensure_future(self._watch())
            self._owner.entered(self, hello.get("running", []))
            async for message in messages:
                self._heard_at = asyncio.get_running_loop().time()
                if not await self._take(message):
                    return
        except FrameError as error:
            self._why = str(error)
        except (ConnectionError, ssl.SSLError, OSError) as error:
            self._why = str(error) or type(error).__name__
        except Exception:
            # A bug here must not reach other connections, nor leave this one without a word.
            self._why = "something went wrong inside the master"
            self._log.exception("a message of %s could not be served", self.worker_id)
            self._connection.post_error("internal", "Something went wrong inside the master; its log has the details.")
        finally:
            for task in [*self._waits, *([watch] if watch is not None else [])]:
                task.cancel()
            if watch is not None:
                self._owner.resources.leave(self._claimant)
                self._owner.left(self, self._why)
            await self._connection.close()

    async def _greeted(self, messages: AsyncIterator[Message]) -> dict[str, Any] | None:
        try:
            first = await asyncio.wait_for(_next(messages), HELLO_MS / 1000)
        except (asyncio.TimeoutError, TimeoutError):
            self._connection.post_error("hello_missing", "No HELLO came in time.")
            return None
        if first is None:
            return None
        if first.type != MessageType.HELLO:
            self._connection.post_error("hello_missing", "The first message is HELLO.", first.id)
            return None
        try:
            _, hello = parse_payload(first, "worker")
            refusal = None
        except MessageError as error:
            hello, refusal = {}, str(error)
        if refusal is None:
            self._describe(hello, first.runtime)
            refusal = self._owner.admit(self, hello)
        if refusal is not None:
            self._log.warning("a worker was refused: %s", refusal)
            self._connection.post(MessageType.HELLO_ACK, {"accepted": False, "reason": refusal})
            return None
        every_ms = self._promised_ms or self._owner.heartbeat_ms
        ack = present(
            accepted=True,
            master_id=self._owner.master_id,
            assigned_resources=[],
            heartbeat_ms=every_ms,
            lease_ms=every_ms * HEARTBEATS_MISSED_MAX,
            credential=self.permit.credential if self.permit is not None else None,
        )
        self._connection.post(MessageType.HELLO_ACK, ack)
        return hello

    def _describe(self, hello: Mapping[str, Any], runtime: str) -> None:
        self.worker_id = hello["worker_id"]
        self.runtime = hello.get("runtime") or runtime
        self._promised_ms = hello.get("heartbeat_ms")
        self.basic = self._promised_ms is None
        self.slots = 1 if self.basic else min(hello.get("slots", 1), SLOTS_MAX)
        self.capabilities = frozenset(hello["capabilities"])
        self.labels = frozenset(hello.get("labels", ()))
        machine = next((label for label in self.labels if label.startswith("machine=")), f"worker {self.worker_id}")
        self._claimant = Claimant(id(self), machine, hello.get("resources", {}))
        self._heard_at = asyncio.get_running_loop().time()

    def post(self, kind: MessageType, payload: Mapping[str, Any]) -> str | None:
        """Sends; the message's id, or None where the connection is over."""
        try:
            return self._connection.post(kind, payload)
        except ConnectionError:
            return None

    def dismiss(self, code: str, why: str) -> None:
        """Tells the worker why, and ends the connection."""
        self._why = why
        self._connection.post_error(code, why)
        self._closing = asyncio.ensure_future(self._connection.close())

    async def _watch(self) -> None:
        """Asks whether the worker is there, and gives it up when it promised to say so and does not."""
        loop = asyncio.get_running_loop()
        promised_ms = self._promised_ms
        every = min(promised_ms or self._owner.heartbeat_ms, self._owner.heartbeat_ms) / 1000
        silent = 0
        while True:
            before = loop.time()
            await asyncio.sleep(promised_ms / 1000 if promised_ms is not None else every)
            # One whose socket is not read cannot be heard, and who overslept has not read.
            late = loop.time() - before > 2 * max(every, (promised_ms or 0) / 1000)
            heard = self._heard_at >= before or self._busy or late
            silent = 0 if heard or promised_ms is None else silent + 1
            if silent >= HEARTBEATS_MISSED_MAX:
                self._why = f"nothing was heard for {HEARTBEATS_MISSED_MAX} heartbeats"
                self._connection.post_error("heartbeats_missed", self._why)
                self._connection.abort()
                return
            self.post(MessageType.HEARTBEAT, {"worker_id": self.worker_id})

    async def _take(self, message: Message) -> bool:
        """Serves one message; False where the connection is over."""
        try:
            kind, payload = parse_payload(message, "worker")
        except MessageError as error:
            # An error is never answered with another one: the two would go on for ever.
            if message.type != MessageType.ERROR:
                self._connection.post_error(error.code, str(error), message.id)
            return True
        if kind == MessageType.HELLO:
            self._why = "HELLO comes once, as the first message."
            self._connection.post_error("hello_twice", self._why, message.id)
            return False
        await self._serve(kind, payload, message.id)
        # A worker that asks without reading the answers waits, too.
        await self._connection.drain()
        return True

    async def _serve(self, kind: MessageType, payload: dict[str, Any], request_id: str) -> None:
        if kind == MessageType.HEARTBEAT:
            load = payload.get("load")
            self.load = load if isinstance(load, (int, float)) else None
            self.post(MessageType.HEARTBEAT_ACK, {"worker_id": self.worker_id})
        elif kind in _BUILD_REPORTS:
            self._busy = True
            problem = await self._owner.builds.report(self, kind, payload)
            self._busy = False
            if problem is not None:
                self._log.warning("%s spoke of a build that is not its own: %s", self.worker_id, problem)
                self._connection.post_error("stale_epoch", problem, request_id)
        elif kind in (MessageType.STATE_GET, MessageType.STATE_SET, MessageType.STATE_DELETE):
            self._answer_state(request_id, self._state(kind, payload))
        elif kind in (MessageType.LOCK_ACQUIRE, MessageType.LOCK_RELEASE) and not self._may_use(payload["resource"]):
            self._post_lock_error(request_id, "forbidden", _OUTSIDE)
        elif kind == MessageType.LOCK_ACQUIRE:
            self._lock(payload, request_id)
        elif kind == MessageType.LOCK_RELEASE:
            self._answer_lock(request_id, lambda: self._owner.locks.release(payload["resource"], payload["token"]))
        elif kind == MessageType.RESOURCE_CLAIM:
            self._claim(payload, request_id)
        elif kind == MessageType.RESOURCE_RELEASE:
            released = self._owner.resources.release(self._claimant, payload["claim_id"])
            self._post_resources(request_id, ok=released)
        elif kind == MessageType.RESOURCE_STATUS:
            self._post_resources(request_id)
        elif kind == MessageType.ERROR:
            refused = self._owner.builds.refused(self, payload.get("request_id", ""), payload["code"])
            if not refused:
                self._log.warning("%s answered %s: %s", self.worker_id, payload["code"], payload["message"])

    def _may_use(self, name: str) -> bool:
        return self.permit is None or self.permit.may_use(name)

    def _answer_state(self, request_id: str, answer: Mapping[str, Any]) -> None:
        try:
            self.post(MessageType.STATE_RESPONSE, {"request_id": request_id, **answer})
        except FrameError as error:
            refusal = {"code": "payload_too_large", "message": f"The value cannot be sent: {error}."}
            self.post(MessageType.STATE_RESPONSE, {"request_id": request_id, "ok": False, "error": refusal})

    def _state(self, kind: MessageType, payload: Mapping[str, Any]) -> dict[str, Any]:
        state, key, if_version = self._owner.state, payload["key"], payload.get("if_version")
        if not self._may_use(key):
            return {"ok": False, "error": {"code": "forbidden", "message": _OUTSIDE}}
        try:
            if kind == MessageType.STATE_GET:
                entry = state.get(key)
                # Version 0 is that of a key that is not there: `if_version: 0` sets it only then.
                return {"ok": True, "value": entry and entry.value, "version": entry.version if entry else 0}
            if kind == MessageType.STATE_SET:
                ttl_ms = payload.get("ttl_ms")
                return {"ok": True, "version": state.set(key, payload["value"], ttl_ms=ttl_ms, if_version=if_version)}
            state.delete(key, if_version=if_version)
            return {"ok": True, "version": 0}
        except StateFault as fault:
            return {"ok": False, "version": fault.version, "error": {"code": fault.code, "message": str(fault)}}

    def _lock(self, payload: Mapping[str, Any], request_id: str) -> None:
        locks, resource, ttl_ms = self._owner.locks, payload["resource"], payload["ttl_ms"]
        token, wait_ms = payload.get("token"), payload.get("wait_ms", 0)
        if token is not None:
            self._answer_lock(request_id, lambda: locks.renew(resource, token, ttl_ms))
        elif not self._may_wait(wait_ms):
            self._post_lock_error(request_id, "too_many_requests", f"A worker waits for {WAITS_MAX} things at most.")
        else:

            async def acquire() -> None:
                try:
                    self._post_lock(request_id, await locks.acquire(resource, ttl_ms, wait_ms))
                except LockFault as fault:
                    self._post_lock_error(request_id, fault.code, str(fault))

            self._wait(acquire())

    def _answer_lock(self, request_id: str, work: Any) -> None:
        try:
            self._post_lock(request_id, work())
        except LockFault as fault:
            self._post_lock_error(request_id, fault.code, str(fault))

    def _post_lock(self, request_id: str, held: Held | None) -> None:
        answer: dict[str, Any] = {"request_id": request_id, "ok": True}
        if held is not None:
            answer |= {"token": held.token, "fence": held.fence, "expires": held.expires}
        self.post(MessageType.LOCK_RESPONSE, answer)

    def _post_lock_error(self, request_id: str, code: str, text: str) -> None:
        answer = {"request_id": request_id, "ok": False, "error": {"code": code, "message": text}}
        self.post(MessageType.LOCK_RESPONSE, answer)

    def _claim(self, payload: Mapping[str, Any], request_id: str) -> None:
        wait_ms = min(payload.get("wait_ms", 0), WAIT_MS_MAX)
        if not self._may_wait(wait_ms):
            self._post_resources(request_id, ok=False)
            return

        async def claim() -> None:
            claim_id = await self._owner.resources.claim(self._claimant, payload["resources"], wait_ms)
            self._post_resources(request_id, ok=claim_id is not None, claim_id=claim_id)

        self._wait(claim())

    def _post_resources(self, request_id: str, **answer: Any) -> None:
        resources = self._owner.resources
        total, claimed = resources.total(self._claimant), resources.claimed(self._claimant)
        self.post(
            MessageType.RESOURCE_STATUS,
            {"request_id": request_id, **present(**answer), "total": total, "claimed": claimed},
        )

    def _may_wait(self, wait_ms: float) -> bool:
        return wait_ms == 0 or len(self._waits) < WAITS_MAX

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        """What comes after it is served meanwhile; it ends with the connection."""
        task = asyncio.ensure_future(work)
        self._waits.add(task)
        task.add_done_callback(self._waits.discard)


async def _next(messages: AsyncIterator[Message]) -> Message | None:
    with contextlib.suppress(ConnectionError):
        async for message in messages:
            return message
    return None
