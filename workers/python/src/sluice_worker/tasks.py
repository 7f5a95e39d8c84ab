"""A task of a run as its handler sees it, and the messages about it (0x68–0x75), which Sluice's own master understands."""

from __future__ import annotations

import asyncio
import inspect
import threading
import traceback
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Literal, TypeVar

from .commands import GRACE_MS, Stream
from .errors import Cancelled, NonRetryable, RetryAfter, SluiceError
from .frames import FRAME_BYTES_MAX, FrameError, Message, decode_message, encode_message, new_id, now_ms
from .messages import RunMessageType, present
from .values import decode_value, encode_value
from .work import CancelReason, Final, Send, Wait

T = TypeVar("T")
Level = Literal["debug", "info", "warn", "error"]

#: One message, its pieces put together, has at most this many bytes.
MESSAGE_BYTES_MAX = 256 * 1024 * 1024
#: A line without an end is written once it is as long as this.
LINE_BYTES_MAX = 65_536
#: Bytes that the frame around a piece may take.
_PIECE_HEADER_BYTES = 512


class Task:
    """One attempt of a task, in the hands of an `async def` handler: `async def resize(input, task)`."""

    def __init__(
        self, order: Mapping[str, Any], send: Send, *, loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        self.id: str = order["task"]
        self.epoch: int | None = order["epoch"]
        self.name: str = order["name"]
        #: From 1.
        self.attempt: int = order["attempt"]
        #: The same for every attempt of this call: for services that accept one.
        self.idempotency_key: str = order.get("key", "")
        #: Id of the run that asks, and its workflow.
        self.run_id: str = order.get("run", "")
        self.workflow: str = order.get("workflow", "")
        #: The span of this attempt as a W3C `traceparent` header, to be passed on; None where the run is part of no trace.
        self.traceparent: str | None = order.get("trace")
        self.grace_ms: float = GRACE_MS
        self._order = order
        self._send = send
        self._loop = loop
        self._cancelled = threading.Event()
        #: Lines that have no end yet.
        self._begun: dict[Stream, bytes] = {}

    @property
    def timeout_ms(self) -> None:
        """The engine watches the time of an attempt."""
        return None

    @property
    def cancelled(self) -> bool:
        """Nobody wants the result any more."""
        return self._cancelled.is_set()

    async def progress(self, value: object) -> None:
        """Shows how far it is, on the run; a sign of life, too."""
        await self._note(progress=encode_value(value))

    async def heartbeat(self) -> None:
        """A sign of life, for tasks that promise one."""
        await self._note()

    async def log(self, message: str, data: object = None, level: Level = "info") -> None:
        """Writes to the log of the run."""
        await self._note(level=level, message=message, data=None if data is None else encode_value(data))

    async def _note(self, **keys: Any) -> None:
        item = {"task": self.id, "epoch": self.epoch, "at": now_ms(), **present(**keys)}
        await self._tell({"items": [item]})

    async def _tell(self, payload: Mapping[str, Any]) -> None:
        sending = self._send(RunMessageType.NOTE, payload)
        if self._loop is None or asyncio.get_running_loop() is self._loop:
            await sending
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(sending, self._loop))

    def mark_cancelled(self) -> None:
        """Says so to a handler that looks at `cancelled`."""
        self._cancelled.set()

    def arguments(self, function: Callable[..., Any], wait: Wait | None) -> tuple[Any, ...]:
        """The decoded input, and the task itself for a function that takes it."""
        given = decode_value(self._order["input"])
        if not takes_task(function):
            return (given,)
        return (given, self if wait is None else BlockingTask(self, wait))

    def request(self) -> tuple[int, Mapping[str, Any]]:
        """Type and payload of the message that this came with."""
        return RunMessageType.TASK, {"items": [dict(self._order)]}

    async def begin(self) -> None:
        """Nobody is told."""

    async def relay(self, message: Message) -> None:
        """Hands on what a process of its own has noted."""
        if message.type == RunMessageType.NOTE:
            await self._tell(message.payload)

    async def write(self, output: bytes, stream: Stream = "stdout") -> None:
        """What a process of its own prints is written to the run's log, line by line."""
        *lines, rest = (self._begun.pop(stream, b"") + output).split(b"\n")
        if len(rest) > LINE_BYTES_MAX:
            lines, rest = [*lines, rest], b""
        if rest:
            self._begun[stream] = rest
        for line in lines:
            await self._print(line, stream)

    async def flush(self) -> None:
        """Writes lines that have no end."""
        for stream in list(self._begun):
            await self._print(self._begun.pop(stream), stream)

    async def _print(self, line: bytes, stream: Stream) -> None:
        await self.log(line.decode("utf-8", "replace"), level="warn" if stream == "stderr" else "info")

    async def trace(self, text: str) -> None:
        """Is part of the error that the run gets."""

    def final_of(self, result: object) -> Final:
        """What a value that the handler returned means."""
        if isinstance(result, Final):
            return result
        return Final(RunMessageType.RESULT, {"items": [{"value": encode_value(result)}]})

    def final_of_error(self, error: BaseException) -> Final:
        """What an exception that the handler raised means, and what it says of another attempt."""
        name = type(error).__name__
        verdict: dict[str, Any] = {}
        if isinstance(error, NonRetryable):
            name, verdict = "NonRetryableError", {"final": True}
        elif isinstance(error, RetryAfter):
            name, verdict = "RetryAfterError", {"after": error.delay_ms}
        elif isinstance(error, Cancelled):
            name = "CancelledError"
        stack = "".join(traceback.format_exception(error)) if error.__traceback__ is not None else None
        code = error.code if isinstance(error, SluiceError) else None
        record = present(name=name, message=str(error), code=code, stack=stack)
        return Final(RunMessageType.RESULT, {"items": [{"error": encode_value(record), **verdict}]})

    def final_without_end(self, reason: CancelReason) -> Final:
        """What it means that the handler was ended."""
        return self.final_of_error(Cancelled("Nobody wants the result any more."))

    def named(self, final: Final, took_ms: float) -> Mapping[str, Any]:
        """The payload of the final message with what belongs to it."""
        [item] = final.payload["items"]
        return {"items": [{**item, "task": self.id, "epoch": self.epoch}]}


class BlockingTask:
    """One attempt of a task, in the hands of a plain `def` handler: `def resize(input, task)`."""

    def __init__(self, task: Task, wait: Wait) -> None:
        self._task = task
        self._wait = wait

    @property
    def id(self) -> str:
        """The task's id."""
        return self._task.id

    @property
    def attempt(self) -> int:
        """From 1."""
        return self._task.attempt

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of this call."""
        return self._task.idempotency_key

    @property
    def run_id(self) -> str:
        """Id of the run that asks."""
        return self._task.run_id

    @property
    def workflow(self) -> str:
        """Workflow of the run that asks."""
        return self._task.workflow

    @property
    def traceparent(self) -> str | None:
        """The span of this attempt as a W3C `traceparent` header, to be passed on."""
        return self._task.traceparent

    @property
    def cancelled(self) -> bool:
        """Nobody wants the result any more: return soon."""
        return self._task.cancelled

    def progress(self, value: object) -> None:
        """Shows how far it is. Raises `Cancelled` once nobody wants the result."""
        self._call(self._task.progress(value))

    def heartbeat(self) -> None:
        """A sign of life. Raises `Cancelled`."""
        self._call(self._task.heartbeat())

    def log(self, message: str, data: object = None, level: Level = "info") -> None:
        """Writes to the log of the run. Raises `Cancelled`."""
        self._call(self._task.log(message, data, level))

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if self._task.cancelled:
            coroutine.close()
            raise Cancelled("nobody wants the result any more")
        result: T = self._wait(coroutine)
        return result


def takes_task(function: Callable[..., Any]) -> bool:
    """Whether a handler takes the task beside its input. Raises `ValueError` for one that takes neither or more."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    count = sum(1 for each in inspect.signature(function).parameters.values() if each.kind in kinds)
    if count not in (1, 2):
        raise ValueError(f"{function.__qualname__} takes {count} arguments; a task takes its input, and itself if it likes")
    return count == 2


def is_about_a_task(item: object, kind: int) -> bool:
    """Whether an item of a message has what nobody could go on without."""
    if not isinstance(item, dict) or not isinstance(item.get("task"), str) or not isinstance(item.get("epoch"), int):
        return False
    if kind != RunMessageType.TASK:
        return True
    named = isinstance(item.get("name"), str) and isinstance(item.get("attempt"), int)
    return named and isinstance(item.get("input"), bytes)


def pieces_of(kind: int, payload: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """The messages that carry one of any size: itself, or pieces that follow each other. Raises `FrameError`."""
    message = Message(type=kind, payload=payload)
    try:
        encode_message(message)
        return [(kind, payload)]
    except FrameError as error:
        if error.code != "frame_too_large":
            raise
    whole, size, piece_id = encode_message(message, MESSAGE_BYTES_MAX), FRAME_BYTES_MAX - _PIECE_HEADER_BYTES, new_id()
    return [
        (
            RunMessageType.PIECE,
            {"id": piece_id, "index": index, "last": at + size >= len(whole), "bytes": whole[at : at + size]},
        )
        for index, at in enumerate(range(0, len(whole), size))
    ]


class Pieces:
    """Puts the pieces of messages together again. One for each connection."""

    def __init__(self) -> None:
        self._id: str | None = None
        self._parts: list[bytes] = []

    def take(self, payload: Mapping[str, Any]) -> Message | None:
        """The message that this piece completes. Raises `FrameError` for pieces out of order, and too many of them."""
        piece_id, index, last, data = (payload.get(key) for key in ("id", "index", "last", "bytes"))
        if index == 0:
            self._id, self._parts = str(piece_id), []
        if piece_id != self._id or index != len(self._parts) or not isinstance(data, bytes):
            raise FrameError("frame_bad_shape", "the pieces of one message follow each other")
        self._parts.append(data)
        if sum(map(len, self._parts)) > MESSAGE_BYTES_MAX:
            raise FrameError("frame_too_large", f"a message of more than {MESSAGE_BYTES_MAX} bytes")
        if not last:
            return None
        whole, self._id, self._parts = b"".join(self._parts), None, []
        return decode_message(whole, MESSAGE_BYTES_MAX)
