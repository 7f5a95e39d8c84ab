"""A worker's way to its master: connects, says who it is, keeps the heartbeat, comes back when the connection is lost.

It knows nothing of builds; what arrives for them is handed on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .backoff import Backoff
from .connection import Wire
from .errors import Disconnected, MasterError, NotConnected, Refused
from .frames import FrameError, Message
from .messages import MessageError, MessageType, parse_payload

#: A master that is silent for this many heartbeats is gone.
HEARTBEATS_MISSED_MAX = 3
#: A connection and its HELLO have this long.
CONNECT_TIMEOUT_MS = 10_000
#: A connection that lasted this long was a good one: the next attempt after it comes soon again.
STEADY_MS = 5_000

#: Code of the error that says that a newer worker of the same name has connected.
REPLACED = "worker_replaced"

_ANSWERS = frozenset({MessageType.STATE_RESPONSE, MessageType.LOCK_RESPONSE, MessageType.RESOURCE_STATUS})

#: How an attempt to connect fails when the next one may succeed.
CONNECT_ERRORS = (OSError, FrameError, asyncio.TimeoutError, TimeoutError, EOFError)


@dataclass(frozen=True)
class LinkHandlers:
    """What a link asks of and tells its worker."""

    #: Payload of HELLO, with what is running now.
    hello: Callable[[], dict[str, Any]]
    #: Payload of HEARTBEAT.
    heartbeat: Callable[[], dict[str, Any]]
    #: HELLO_ACK has come.
    accepted: Callable[[dict[str, Any], Message], None]
    #: A message that is no answer and no heartbeat; answers True where it is for this worker.
    received: Callable[[int, dict[str, Any], Message], bool]


@dataclass
class _Session:
    connection: Wire
    messages: AsyncIterator[Message]
    #: Whom to tell when the master has answered a heartbeat: it has read everything sent before it.
    beats: deque[Callable[[], None] | None] = field(default_factory=deque)
    heard_at: float = 0.0


class Link:
    """One worker's connection to one master, across its losses."""

    def __init__(
        self,
        worker_id: str,
        handlers: LinkHandlers,
        *,
        heartbeat_ms: float,
        backoff: Backoff,
        chance: Callable[[], float],
        log: logging.Logger,
    ) -> None:
        self._worker_id = worker_id
        self._handlers = handlers
        self._heartbeat_ms = heartbeat_ms
        self._backoff = backoff
        self._chance = chance
        self._log = log
        self._session: _Session | None = None
        self._changed: asyncio.Event | None = None
        self._pending: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._supervisor: asyncio.Task[None] | None = None
        #: Why the master does not want this worker back.
        self._dismissed: Refused | None = None
        #: Heartbeats that the master has answered, over all connections.
        self.beats_answered = 0

    @property
    def connected(self) -> bool:
        """The master has accepted this worker on a connection that is still there."""
        return self._session is not None

    async def connect(self, dial: Callable[[], Coroutine[Any, Any, Wire]], *, wait: bool) -> None:
        """Returns once the master has accepted the worker.

        With `wait` a master that is not there is tried until it is. Raises `Refused` and what connecting raises.
        """
        if self._supervisor is not None:
            raise RuntimeError("this worker is connected already")

        async def open_session() -> _Session:
            return await self._greet(await asyncio.wait_for(dial(), CONNECT_TIMEOUT_MS / 1000))

        self._changed = asyncio.Event()
        session = await (self._reopen(open_session) if wait else open_session())
        self._supervisor = asyncio.ensure_future(self._supervise(session, open_session))

    async def _greet(self, connection: Wire) -> _Session:
        session = _Session(connection, connection.messages())
        try:
            connection.post(MessageType.HELLO, self._handlers.hello())
            first = await asyncio.wait_for(_next(session.messages), CONNECT_TIMEOUT_MS / 1000)
            kind, payload = parse_payload(first, "master")
            if kind == MessageType.ERROR:
                raise ConnectionError(f"the master answered {payload['code']}: {payload['message']}")
            if kind != MessageType.HELLO_ACK:
                raise ConnectionError(f"the master's first message is {kind.name}, not HELLO_ACK")
            if not payload["accepted"]:
                raise Refused(payload.get("reason") or "The master gives no reason.")
        except MessageError as error:
            connection.abort()
            raise ConnectionError(str(error)) from None
        except BaseException:
            connection.abort()
            raise
        session.heard_at = asyncio.get_running_loop().time()
        self._session = session
        self._handlers.accepted(payload, first)
        self._wake()
        return session

    async def _supervise(
        self, session: _Session, open_session: Callable[[], Coroutine[Any, Any, _Session]]
    ) -> None:
        loop = asyncio.get_running_loop()
        attempt = 0
        while True:
            since = loop.time()
            await self._serve(session)
            if self._dismissed is not None:
                raise self._dismissed
            attempt = 0 if (loop.time() - since) * 1000 >= STEADY_MS else attempt + 1
            session = await self._reopen(open_session, attempt)

    async def _reopen(
        self, open_session: Callable[[], Coroutine[Any, Any, _Session]], attempt: int = 0
    ) -> _Session:
        while True:
            if attempt > 0:
                await asyncio.sleep(self._backoff.delay_ms(attempt - 1, self._chance) / 1000)
            try:
                return await open_session()
            except CONNECT_ERRORS as error:
                self._log.info("no connection to the master yet: %s", error or type(error).__name__)
            attempt += 1

    async def _serve(self, session: _Session) -> None:
        beat = asyncio.ensure_future(self._beat(session))
        try:
            async for message in session.messages:
                session.heard_at = asyncio.get_running_loop().time()
                self._receive(session, message)
        except (ConnectionError, ssl.SSLError, FrameError, OSError) as error:
            self._log.warning("the connection to the master broke: %s", error)
        finally:
            beat.cancel()
            session.connection.abort()
            self._session = None
            self._wake()
            for pending in self._pending.values():
                if not pending.done():
                    pending.set_exception(Disconnected("the connection closed before the master answered"))
            self._pending.clear()

    def _receive(self, session: _Session, message: Message) -> None:
        try:
            kind, payload = parse_payload(message, "master")
        except MessageError as error:
            own = error.code == "message_unknown_type" and self._handlers.received(
                message.type, dict(message.payload), message
            )
            # An error is never answered with another one: the two would go on for ever.
            if not own and message.type != MessageType.ERROR:
                session.connection.post_error(error.code, str(error), message.id)
            return
        if kind == MessageType.HEARTBEAT:
            session.connection.post(MessageType.HEARTBEAT_ACK, {"worker_id": self._worker_id})
        elif kind == MessageType.HEARTBEAT_ACK:
            self.beats_answered += 1
            waiting = session.beats.popleft() if session.beats else None
            if waiting is not None:
                waiting()
        elif kind == MessageType.ERROR and payload["code"] == REPLACED:
            # To come back would send the other one away, which would come back, and so on.
            self._dismissed = Refused(payload["message"], code=REPLACED)
        elif not self._answered(kind, payload):
            self._handlers.received(kind, payload, message)


    def _answered(self, kind: MessageType, payload: dict[str, Any]) -> bool:
        waiting = self._pending.pop(payload.get("request_id", ""), None)
        if waiting is None:
            return kind in _ANSWERS
        if not waiting.done():
            if kind == MessageType.ERROR:
                waiting.set_exception(MasterError(payload["message"], code=payload["code"]))
            else:
                waiting.set_result(payload)
        return True

    async def _beat(self, session: _Session) -> None:
        loop = asyncio.get_running_loop()
        interval = self._heartbeat_ms / 1000
        while True:
            before = loop.time()
            await asyncio.sleep(interval)
            # Who overslept has not read what arrived meanwhile, and cannot say that nothing did.
            punctual = loop.time() - before < 2 * interval
            if punctual and loop.time() - session.heard_at > HEARTBEATS_MISSED_MAX * interval:
                self._log.warning("the master has been silent for %d heartbeats", HEARTBEATS_MISSED_MAX)
                session.connection.abort()
                return
            self._post_beat(session, None)

    def _post_beat(self, session: _Session, heard: Callable[[], None] | None) -> None:
        with contextlib.suppress(ConnectionError):
            session.connection.post(MessageType.HEARTBEAT, self._handlers.heartbeat())
            session.beats.append(heard)

    def when_read(self, tell: Callable[[], None]) -> None:
        """Calls `tell` once the master has read everything that was sent so far; never if the connection is lost first."""
        if self._session is not None:
            self._post_beat(self._session, tell)

    async def connection(self) -> Wire:
        """The connection, once there is one again. Raises `NotConnected` where there will be none."""
        while self._session is None:
            if self._supervisor is None or self._supervisor.done() or self._changed is None:
                raise NotConnected("this worker has no connection: call connect() first")
            self._changed.clear()
            await self._changed.wait()
        return self._session.connection

    async def send(self, kind: MessageType | int, payload: Mapping[str, Any]) -> None:
        """Sends, on the next connection where this one is lost. Waits while the master is slow."""
        while True:
            connection = await self.connection()
            try:
                connection.post(kind, payload)
            except ConnectionError:
                # The reader of this connection is about to notice, and to make another.
                await asyncio.sleep(0)
                continue
            # What was written counts as sent: it may have arrived, and must not arrive twice.
            with contextlib.suppress(ConnectionError):
                await connection.drain()
            return

    async def send_together(self, messages: Sequence[tuple[MessageType | int, Mapping[str, Any]]]) -> None:
        """Sends messages that make sense one after the other only: all of them anew where a connection is lost between them."""
        while True:
            connection = await self.connection()
            try:
                for kind, payload in messages[:-1]:
                    connection.post(kind, payload)
                    await connection.drain()
                connection.post(*messages[-1])
            except ConnectionError:
                await asyncio.sleep(0)
                continue
            with contextlib.suppress(ConnectionError):
                await connection.drain()
            return

    async def request(
        self, kind: MessageType, payload: Mapping[str, Any], *, timeout_ms: float | None = None
    ) -> dict[str, Any]:
        """Payload of the master's answer. Raises `MasterError` for ERROR, `Disconnected`, `NotConnected`."""
        connection = await self.connection()
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        try:
            request_id = connection.post(kind, payload)
        except ConnectionError:
            raise Disconnected("the connection closed before the request was sent") from None
        self._pending[request_id] = answer
        try:
            return await asyncio.wait_for(answer, None if timeout_ms is None else timeout_ms / 1000)
        finally:
            self._pending.pop(request_id, None)

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()

    async def ended(self) -> None:
        """Returns when the link was closed; raises why it ended by itself (`Refused`)."""
        if self._supervisor is None:
            raise NotConnected("this worker has no connection: call connect() first")
        await asyncio.wait({self._supervisor})
        if not self._supervisor.cancelled():
            self._supervisor.result()

    async def close(self) -> None:
        """Sends what waits, and leaves."""
        session = self._session
        if session is not None:
            await session.connection.close()
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
        self._wake()


async def _next(messages: AsyncIterator[Message]) -> Message:
    async for message in messages:
        return message
    raise ConnectionError("the master closed the connection")
