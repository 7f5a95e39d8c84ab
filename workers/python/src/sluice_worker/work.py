"""What a worker can be given, in the words of whatever carries it out: a handler, a slot, an end that has to arrive."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from .commands import Stream
from .frames import Message

#: Sends a message, on the next connection where this one is lost; waits while the master is slow.
Send = Callable[[int, Mapping[str, Any]], Coroutine[Any, Any, None]]
#: Has a coroutine of the worker's loop done for a thread, and waits for it.
Wait = Callable[[Coroutine[Any, Any, Any]], Any]
#: Why work is ended from outside.
CancelReason = Literal["cancelled", "timeout", "superseded", "handed_back"]


@dataclass(frozen=True)
class Final:
    """The message that ends a piece of work, without what only the worker knows."""

    kind: int
    payload: Mapping[str, Any]


class Work(Protocol):
    """One build, or one attempt of a task."""

    id: str
    #: Which giving-out this is; None where the master does not count them.
    epoch: int | None
    #: Milliseconds that whatever runs has to end after it was asked to.
    grace_ms: float

    @property
    def timeout_ms(self) -> float | None:
        """Milliseconds it may take, where the worker has to watch that."""

    def mark_cancelled(self) -> None:
        """Says that nobody waits any more to a handler that looks."""

    def arguments(self, function: Callable[..., Any], wait: Wait | None) -> tuple[Any, ...]:
        """What a handler is called with; with `wait` one that blocks."""

    def request(self) -> tuple[int, Mapping[str, Any]]:
        """Type and payload of the message that this came with."""

    async def begin(self) -> None:
        """The handler is about to be called."""

    async def relay(self, message: Message) -> None:
        """What the handler's own process says on the way."""

    async def write(self, output: bytes, stream: Stream = "stdout") -> None:
        """Output of the handler's own process."""

    async def flush(self) -> None:
        """There is no more output."""

    async def trace(self, text: str) -> None:
        """Where an error came from that nobody raised by intent."""

    def final_of(self, result: object) -> Final:
        """What a value that the handler returned means."""

    def final_of_error(self, error: BaseException) -> Final:
        """What an exception that the handler raised means."""

    def final_without_end(self, reason: CancelReason) -> Final:
        """What it means that the handler was ended."""

    def named(self, final: Final, took_ms: float) -> Mapping[str, Any]:
        """The payload of the final message with what belongs to it."""
