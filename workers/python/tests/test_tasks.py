"""Tasks of runs against a master that says exactly what Sluice's own does: orders and revocations, results and notes."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

import handlers
from rig import RawPeer, a_worker, connected, until
from sluice_worker import (
    BlockingTask,
    Message,
    MessageType,
    NonRetryable,
    RetryAfter,
    Task,
    Worker,
    decode_value,
    encode_value,
)
from sluice_worker.frames import FRAME_BYTES_MAX, encode_message
from sluice_worker.messages import RunMessageType
from sluice_worker.tasks import Pieces, pieces_of

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Engine:
    """The master's end: one connection after the other."""

    def __init__(self) -> None:
        self.peer: RawPeer | None = None
        self.hello: dict[str, Any] = {}
        self.connections = 0
        #: Connections that are cut at the first piece they bring.
        self.cuts = 0
        #: Numbers of the pieces that they were cut at.
        self.cut_at: list[int] = []
        self.said: list[tuple[int, dict[str, Any]]] = []
        self._pieces = Pieces()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = RawPeer(reader, writer)
        hello = await peer.expect(MessageType.HELLO)
        peer.send(MessageType.HELLO_ACK, accepted=True)
        self.hello, self.peer = dict(hello.payload), peer
        self.connections += 1
        self._pieces = Pieces()
        while (message := await peer.next()) is not None:
            if message.type == MessageType.HEARTBEAT:
                peer.send(MessageType.HEARTBEAT_ACK)
            if message.type == RunMessageType.PIECE and self.cuts > 0:
                self.cuts -= 1
                self.cut_at.append(message.payload["index"])
                writer.transport.abort()
                return
            whole = self._pieces.take(message.payload) if message.type == RunMessageType.PIECE else message
            if whole is not None and whole.type in (*RunMessageType, MessageType.ERROR):
                for item in whole.payload.get("items", [whole.payload]):
                    self.said.append((whole.type, item))
        writer.close()

    def order(self, name: str, given: object, *, task: str = "task_1", epoch: int = 1, attempt: int = 1) -> None:
        """Gives a task out."""
        assert self.peer is not None
        item = {
            "task": task,
            "epoch": epoch,
            "name": name,
            "input": encode_value(given),
            "attempt": attempt,
            "key": "run_1:0",
            "run": "run_1",
            "workflow": "pictures",
            "trace": TRACE,
        }
        self.peer.send(RunMessageType.TASK, items=[item])

    async def result(self, task: str = "task_1") -> dict[str, Any]:
        """How a task ended."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [item for kind, item in self.said if kind == RunMessageType.RESULT and item["task"] == task]
            return bool(found)

        await until(look, f"the result of {task}")
        return found[0]

    def notes(self) -> list[dict[str, Any]]:
        """What tasks have said on the way."""
        return [item for kind, item in self.said if kind == RunMessageType.NOTE]


@contextlib.asynccontextmanager
async def an_engine(worker: Worker) -> AsyncIterator[Engine]:
    """An engine, and the worker at it."""
    engine = Engine()
    server = await asyncio.start_server(engine.serve, "127.0.0.1", 0)
    async with server, connected(worker, server.sockets[0].getsockname()[1]):
        await until(lambda: engine.peer is not None, "the connection")
        yield engine


async def test_an_async_task_gets_its_input_and_says_how_far_it_is() -> None:
    worker = a_worker(capabilities=["task"], slots=4)

    @worker.task("resize")
    async def resize(given: dict[str, Any], task: Task) -> dict[str, Any]:
        await task.progress({"percent": 50})
        await task.heartbeat()
        await task.log("half way", {"of": given["id"]}, "warn")
        return {"id": given["id"], "by": [task.run_id, task.workflow, task.idempotency_key, task.attempt], "in": task.traceparent}

    async with an_engine(worker) as engine:
        assert engine.hello["tasks"] == [{"name": "resize"}]
        assert engine.hello["runtime"] == "python"
        engine.order("resize", {"id": "p-1"}, attempt=2)
        result = await engine.result()
        assert (result["epoch"], "error" in result) == (1, False)
        assert decode_value(result["value"]) == {"id": "p-1", "by": ["run_1", "pictures", "run_1:0", 2], "in": TRACE}
        progress, beat, line = engine.notes()
        assert decode_value(progress["progress"]) == {"percent": 50}
        assert set(beat) == {"task", "epoch", "at"}
        assert (line["level"], line["message"], decode_value(line["data"])) == ("warn", "half way", {"of": "p-1"})


async def test_a_task_that_blocks_works_in_a_thread_and_needs_only_its_input() -> None:
    worker = a_worker()

    @worker.task("double")
    def double(number: int) -> int:
        return number * 2

    @worker.task("noted")
    def noted(number: int, task: BlockingTask) -> None:
        task.log(f"{task.workflow} {task.id} {task.attempt}")

    async with an_engine(worker) as engine:
        engine.order("double", 21)
        assert decode_value((await engine.result())["value"]) == 42
        engine.order("noted", 1, task="task_2")
        assert decode_value((await engine.result("task_2"))["value"]) is None
        assert engine.notes()[0]["message"] == "pictures task_2 1"


async def test_a_task_may_work_in_a_process_of_its_own() -> None:
    worker = a_worker()
    worker.task("heavy", runs_in="process")(handlers.task_in_a_process)
    async with an_engine(worker) as engine:
        engine.order("heavy", {"n": 4}, attempt=3)
        value = decode_value((await engine.result())["value"])
        assert (value["twice"], value["attempt"]) == (8, 3) and value["pid"] != os.getpid()
        assert len(engine.notes()) == 3, engine.notes()
        assert sorted(note.get("message", "") for note in engine.notes()) == ["", "noted", "printed"]


@pytest.mark.parametrize(
    ("error", "record", "verdict"),
    [
        (NonRetryable("no such picture", code="gone"), ("NonRetryableError", "no such picture", "gone"), {"final": True}),
        (RetryAfter("busy", delay_ms=1500), ("RetryAfterError", "busy", "retry_after"), {"after": 1500}),
        (KeyError("x"), ("KeyError", "'x'", None), {}),
    ],
    ids=["NonRetryable", "RetryAfter", "another"],
)
async def test_errors_say_whether_to_try_again(
    error: Exception, record: tuple[str, str, str | None], verdict: dict[str, object]
) -> None:
    worker = a_worker()

    @worker.task("fails")
    async def fails(given: object) -> None:
        raise error

    async with an_engine(worker) as engine:
        engine.order("fails", None)
        result = await engine.result()
        told = decode_value(result["error"])
        assert (told["name"], told["message"], told.get("code")) == record
        assert "test_tasks.py" in told["stack"]
        assert {key: result[key] for key in ("final", "after") if key in result} == verdict


async def test_what_cannot_be_done_is_an_error_of_the_task() -> None:
    worker = a_worker()

    @worker.task("odd")
    async def odd(given: object) -> object:
        return object()

    async with an_engine(worker) as engine:
        engine.order("odd", None)
        assert decode_value((await engine.result())["error"])["code"] == "value_not_serializable"
        engine.order("nobody's", None, task="task_2")
        unknown = await engine.result("task_2")
        assert (decode_value(unknown["error"])["code"], unknown["final"]) == ("not_found", True)
        assert engine.peer is not None
        engine.peer.send(RunMessageType.TASK, items=[{"task": "t"}])
        await until(lambda: engine.said[-1][0] == MessageType.ERROR, "the answer to what is no task")


async def test_a_revoked_task_is_told_and_frees_its_slot() -> None:
    worker = a_worker()
    begun = asyncio.Event()

    @worker.task("long")
    async def long(given: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    @worker.task("short")
    async def short(given: object) -> str:
        return "done"

    async with an_engine(worker) as engine:
        engine.order("long", None)
        engine.order("short", None, task="task_2")
        await begun.wait()
        assert engine.peer is not None
        # Another epoch is another giving-out.
        engine.peer.send(RunMessageType.REVOKE, items=[{"task": "task_1", "epoch": 0, "reason": "old"}])
        engine.peer.send(RunMessageType.REVOKE, items=[{"task": "task_1", "epoch": 1, "reason": "cancelled"}])
        assert decode_value((await engine.result())["error"])["name"] == "CancelledError"
        assert decode_value((await engine.result("task_2"))["value"]) == "done"


async def test_a_connection_that_breaks_costs_no_task_and_no_result() -> None:
    worker = a_worker()
    gate = asyncio.Event()

    @worker.task("long")
    async def long(given: object) -> str:
        await gate.wait()
        return "once"

    async with an_engine(worker) as engine:
        engine.order("long", None, epoch=7)
        await until(lambda: worker.running == 1, "the task")
        first = engine.peer
        assert first is not None
        first.writer.transport.abort()
        await until(lambda: engine.connections == 2, "the next connection")
        assert engine.hello["running"] == [{"build_id": "task_1", "epoch": 7}]
        assert engine.peer is not None
        engine.peer.writer.transport.abort()
        gate.set()
        assert (await engine.result())["epoch"] == 7


async def test_results_and_inputs_of_any_size_travel_in_pieces() -> None:
    worker = a_worker()

    @worker.task("twice")
    async def twice(given: bytes) -> bytes:
        return given + given

    async with an_engine(worker) as engine:
        engine.order("twice", b"x" * 10_000_000)
        assert decode_value((await engine.result())["value"]) == b"x" * 20_000_000
        item = {"task": "task_2", "epoch": 1, "name": "twice", "input": encode_value(b"y" * 20_000_000), "attempt": 1}
        pieces = pieces_of(RunMessageType.TASK, {"items": [item]})
        assert len(pieces) == 2
        assert engine.peer is not None
        for kind, payload in pieces:
            assert len(encode_message(Message(type=kind, payload=payload))) <= FRAME_BYTES_MAX
            engine.peer.send(kind, **payload)
        assert len(decode_value((await engine.result("task_2"))["value"])) == 40_000_000


async def test_a_result_whose_connection_is_lost_between_its_pieces_is_sent_anew() -> None:
    worker = a_worker()

    @worker.task("twice")
    async def twice(given: bytes) -> bytes:
        return given + given

    async with an_engine(worker) as engine:
        engine.cuts = 2
        engine.order("twice", b"x" * 10_000_000)
        assert len(decode_value((await engine.result())["value"])) == 20_000_000
        assert (engine.connections, engine.cut_at) == (3, [0, 0])


async def test_a_worker_that_leaves_gives_its_tasks_back() -> None:
    worker = a_worker(drain_ms=30, slots=2)

    @worker.task("long")
    async def long(given: object) -> None:
        await asyncio.Event().wait()

    async with an_engine(worker) as engine:
        engine.order("long", None)
        await until(lambda: worker.running == 1, "the task")
        stopping = asyncio.ensure_future(worker.stop())
        await asyncio.sleep(0)
        engine.order("long", None, task="task_2")
        await stopping
        await until(lambda: len(handed_back(engine)) == 2, "both tasks")
        assert handed_back(engine) == ["task_2", "task_1"]
        assert [item for kind, item in engine.said if kind == RunMessageType.RESULT] == []


def handed_back(engine: Engine) -> list[str]:
    """Ids of what was given back."""
    return [held["task"] for kind, item in engine.said if kind == RunMessageType.HANDBACK for held in item["tasks"]]


def test_a_task_is_registered_once_and_takes_its_input() -> None:
    worker = a_worker()
    worker.task("a")(lambda given: given)
    with pytest.raises(ValueError, match="two tasks"):
        worker.task("a")(lambda given: given)
    with pytest.raises(ValueError, match="takes 0 arguments"):
        worker.task("b")(lambda: None)
