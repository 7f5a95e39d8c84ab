"""The other end of a handler that works in a process of its own: `python -m sluice_worker.child FD LOCATION`."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import json
import os
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from .builds import Build
from .frames import FrameDecoder, FrameError, Message, encode_frame
from .messages import MessageType
from .tasks import Task
from .work import Final, Work


def find(location: Mapping[str, str]) -> Callable[[Any], Any]:
    """The function that `calls.locate` described."""
    if "module" in location:
        found: Any = importlib.import_module(location["module"])
    else:
        # Under another name than `__main__`, so that the program does not start its own worker here.
        spec = importlib.util.spec_from_file_location("__sluice_main__", location["file"])
        if spec is None or spec.loader is None:
            raise ImportError(f"cannot read {location['file']}")
        found = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = found
        spec.loader.exec_module(found)
    for name in location["name"].split("."):
        found = getattr(found, name)
    function: Callable[[Any], Any] = found
    return function


def _work_of(request: Message, channel: socket.socket) -> Work:
    async def send(kind: int, payload: Mapping[str, Any]) -> None:
        if payload.get("chunk") is None:
            channel.sendall(encode_frame(Message(type=int(kind), payload=payload)))
            return
        # Output goes where `print` does, so that the two keep their order.
        sink = sys.stderr if payload["stream"] == "stderr" else sys.stdout
        sink.flush()
        sink.buffer.write(payload["chunk"])
        sink.buffer.flush()

    if request.type == MessageType.BUILD_REQUEST:
        return Build(request.payload, send, own_group=False)
    return Task(request.payload["items"][0], send)


def _carry_out(work: Work, location: Mapping[str, str]) -> Final:
    try:
        function = find(location)
        if inspect.iscoroutinefunction(function):
            return work.final_of(asyncio.run(function(*work.arguments(function, None))))
        return work.final_of(function(*work.arguments(function, asyncio.run)))
    except Exception as error:
        traceback.print_exc()
        return work.final_of_error(error)


def _request(channel: socket.socket) -> Message:
    decoder = FrameDecoder()
    while True:
        chunk = channel.recv(65_536)
        if not chunk:
            raise EOFError("the worker closed the channel before it said what to do")
        for message in decoder.push(chunk):
            return message


def main(arguments: list[str]) -> int:
    """Runs one handler for one build; the exit code is 0 once its outcome was sent, whatever that was."""
    descriptor, location = int(arguments[0]), json.loads(arguments[1])
    os.set_inheritable(descriptor, False)
    sys.path[:] = json.loads(os.environ.pop("SLUICE_CHILD_PATH"))
    with socket.socket(fileno=descriptor) as channel:
        work = _work_of(_request(channel), channel)
        final = _carry_out(work, location)
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            frame = encode_frame(Message(type=int(final.kind), payload=final.payload))
        except FrameError as error:
            final = work.final_of_error(error)
            frame = encode_frame(Message(type=int(final.kind), payload=final.payload))
        channel.sendall(frame)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
