"""Where handlers work: in the worker's event loop, in a thread, or in a process of their own.

A handler in a thread or process may block as long as it likes: the worker goes on answering its master.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import inspect
import json
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from .commands import Stream, run_command
from .connection import Connection
from .errors import Cancelled, SluiceError
from .messages import MessageType, RunMessageType
from .work import Final, Work

T = TypeVar("T")

#: `loop`: in the worker's own event loop, which the handler must not block. `thread`: in a thread of its own.
#: `process`: in a process of its own, which a cancellation can end whatever it does.
RunsIn = Literal["loop", "thread", "process"]

#: Types of the messages that end what a process of its own was asked for.
_FINALS = frozenset({MessageType.BUILD_COMPLETED, MessageType.BUILD_FAILED, RunMessageType.RESULT})


@dataclass(frozen=True)
class Handler:
    """A function of the user, and where it works."""

    function: Callable[..., Any]
    runs_in: RunsIn

    @staticmethod
    def of(function: Callable[..., Any], runs_in: RunsIn | None = None) -> Handler:
        """`async def` works in the loop, `def` in a thread, unless `runs_in` says otherwise. Raises `ValueError`."""
        chosen: RunsIn = runs_in or ("loop" if inspect.iscoroutinefunction(function) else "thread")
        if chosen == "loop" and not inspect.iscoroutinefunction(function):
            raise ValueError(f"{_name(function)} is no `async def`: in the event loop it would stop everything else")
        if chosen == "process":
            locate(function)
        return Handler(function, chosen)

    async def call(self, work: Work) -> object:
        """What the handler returns. A cancelled call tells the handler, and waits for it as long as the work's grace."""
        if self.runs_in == "loop":
            return await self.function(*work.arguments(self.function, None))
        if self.runs_in == "thread":
            return await _in_thread(self.function, work)
        return await _in_process(self.function, work)


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", repr(function))


def locate(function: Callable[..., Any]) -> dict[str, str]:
    """How another process finds a function again: its module or file, and its name. Raises `ValueError`."""
    name = getattr(function, "__qualname__", "")
    if not name or "<" in name:
        raise ValueError(f"{name or function!r} cannot be found by another process: it has to stand in a module")
    module = sys.modules.get(function.__module__)
    if function.__module__ != "__main__":
        return {"module": function.__module__, "name": name}
    spec = getattr(module, "__spec__", None)
    if spec is not None:
        return {"module": spec.name, "name": name}
    file = getattr(module, "__file__", None)
    if file is None:
        raise ValueError(f"{name} cannot be found by another process: its program is no file")
    return {"file": file, "name": name}


async def _in_thread(function: Callable[..., Any], work: Work) -> object:
    loop = asyncio.get_running_loop()
    result: asyncio.Future[object] = loop.create_future()
    calls = _ThreadCalls(loop)

    def call() -> None:
        try:
            if inspect.iscoroutinefunction(function):
                value = calls.run_async(function(*work.arguments(function, None)))
            else:
                value = function(*work.arguments(function, calls.wait))
        except BaseException as error:
            failure = error if isinstance(error, Exception) else RuntimeError(f"{type(error).__name__}: {error}")
            loop.call_soon_threadsafe(_settle, result, None, failure)
        else:
            loop.call_soon_threadsafe(_settle, result, value, None)

    context = contextvars.copy_context()
    # A daemon: a handler that never returns must not keep the worker from leaving.
    threading.Thread(target=context.run, args=(call,), name=f"sluice-{work.id}", daemon=True).start()
    try:
        return await asyncio.shield(result)
    except asyncio.CancelledError:
        work.mark_cancelled()
        calls.cancel()
        await asyncio.wait({result}, timeout=max(0.0, work.grace_ms) / 1000)
        if result.done():
            result.exception()
        raise


def _settle(result: asyncio.Future[object], value: object, error: Exception | None) -> None:
    if result.done():
        return
    if error is None:
        result.set_result(value)
    else:
        result.set_exception(error)


class _ThreadCalls:
    """What a handler in a thread asks of the worker's loop, so that it can be taken back."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: set[concurrent.futures.Future[Any]] = set()
        self._own: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        self._lock = threading.Lock()
        self._cancelled = False

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        with self._lock:
            if self._cancelled:
                coroutine.close()
                raise Cancelled("nobody waits for this any more")
            call = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
            self._waiting.add(call)
        try:
            return call.result()
        except concurrent.futures.CancelledError:
            raise Cancelled("nobody waits for this any more") from None
        finally:
            self._waiting.discard(call)

    def run_async(self, coroutine: Awaitable[T]) -> T:
        async def main() -> T:
            task = asyncio.ensure_future(coroutine)
            with self._lock:
                self._own = (asyncio.get_running_loop(), task)
                if self._cancelled:
                    task.cancel()
            try:
                return await task
            except asyncio.CancelledError:
                raise Cancelled("nobody waits for this any more") from None

        return asyncio.run(main())

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            waiting, own = list(self._waiting), self._own
        for call in waiting:
            call.cancel()
        if own is not None and not own[0].is_closed():
            own[0].call_soon_threadsafe(own[1].cancel)


async def _in_process(function: Callable[..., Any], work: Work) -> Final:
    """Calls the function in a new process, which speaks its part of the worker protocol on a socket pair."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    connection = Connection(reader, writer)

    async def write(stream: Stream, chunk: bytes) -> None:
        await work.write(chunk, stream)

    child = asyncio.ensure_future(
        run_command(
            [sys.executable, "-m", "sluice_worker.child", str(theirs.fileno()), json.dumps(locate(function))],
            write,
            env={"SLUICE_CHILD_PATH": json.dumps(sys.path)},
            grace_ms=lambda: work.grace_ms,
            pass_fds=[theirs.fileno()],
            started=theirs.close,
        )
    )
    # Once nobody else has the child's end, the stream ends with the child, or with its not having begun.
    child.add_done_callback(lambda _: theirs.close())
    try:
        connection.post(*work.request())
        final = await _final_of(connection, work)
        ended = await asyncio.shield(child)
        await work.flush()
        if final is None:
            raise SluiceError(
                f"the handler's process ended with {ended.exit_code} and without a result", code="handler_failed"
            )
        return final
    finally:
        work.mark_cancelled()
        child.cancel()
        await asyncio.gather(child, return_exceptions=True)
        connection.abort()


async def _final_of(connection: Connection, work: Work) -> Final | None:
    """The last message of the child; what it says before is handed on."""
    with contextlib.suppress(ConnectionError):
        async for message in connection.messages():
            if message.type in _FINALS:
                return Final(message.type, dict(message.payload))
            await work.relay(message)
    return None
