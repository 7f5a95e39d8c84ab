"""Frames: how messages between a master and its workers are cut out of a byte stream.

The worker protocol, version 1: a u32 big-endian length, then one MessagePack map of six keys, in the plain part of
MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md): no extensions, string keys, shortest integers.
"""

from __future__ import annotations

import struct
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgpack

PROTOCOL_VERSION = 1
#: Most bytes that may follow a length prefix.
FRAME_BYTES_MAX = 16 * 1024 * 1024
#: Levels of nesting a frame may have, the map of the six keys included.
FRAME_DEPTH_MAX = 200
#: Entries one array or map may announce: the reader makes room for them before it has seen them.
FRAME_ENTRIES_MAX = 1_048_576
#: Integers beyond this are never written for a float, which cannot tell them apart.
SAFE_INTEGER_MAX = 2**53 - 1

FrameErrorCode = Literal[
    "frame_empty", "frame_too_large", "frame_bad_msgpack", "frame_bad_version", "frame_bad_shape"
]

_PREFIX = struct.Struct(">I")


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """A UUID for a message, a build or a claim."""
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Message:
    """One message. The payload holds None, booleans, numbers, strings, bytes, lists and dicts with string keys."""

    type: int
    payload: Mapping[str, Any]
    id: str = field(default_factory=new_id)
    #: Milliseconds since 1970.
    timestamp: int = field(default_factory=now_ms)
    #: Runtime of the sender: `bun`, `node`, `deno`, `python`.
    runtime: str = "python"


class FrameError(Exception):
    """A frame that cannot be read, or a message that cannot be one. What follows it cannot be trusted."""

    def __init__(self, code: FrameErrorCode, message: str) -> None:
        super().__init__(message)
        self.code: FrameErrorCode = code
        #: Messages that stood complete before the bad frame in the same `FrameDecoder.push`, and are good.
        self.received: list[Message] = []


def encode_message(message: Message, frame_bytes_max: int = FRAME_BYTES_MAX) -> bytes:
    """The MessagePack map of a message, without its length prefix. Raises `FrameError`."""
    body: bytes = msgpack.packb(
        {
            "version": PROTOCOL_VERSION,
            "type": message.type,
            "id": message.id,
            "timestamp": message.timestamp,
            "runtime": message.runtime,
            "payload": _plain(message.payload, 1, "payload"),
        },
        use_bin_type=True,
    )
    _check_size(len(body), frame_bytes_max)
    return body


def encode_frame(message: Message, frame_bytes_max: int = FRAME_BYTES_MAX) -> bytes:
    """A message with its length prefix, as one piece for one write. Raises `FrameError`."""
    body = encode_message(message, frame_bytes_max)
    return _PREFIX.pack(len(body)) + body


def decode_message(body: bytes | bytearray | memoryview, frame_bytes_max: int = FRAME_BYTES_MAX) -> Message:
    """Reads one message without its prefix. Raises `FrameError`."""
    _check_size(len(body), frame_bytes_max)
    try:
        value = msgpack.unpackb(
            body,
            raw=False,
            strict_map_key=True,
            max_array_len=min(len(body), FRAME_ENTRIES_MAX),
            max_map_len=min(len(body), FRAME_ENTRIES_MAX),
        )
    # The library documents that it may raise anything: ValueError and its own, MemoryError, RecursionError.
    except Exception as error:
        problem = str(error) or type(error).__name__
        raise FrameError("frame_bad_msgpack", f"not a MessagePack message: {problem}") from None
    _check_plain(value)
    return _as_message(value)


class FrameDecoder:
    """Cuts a byte stream into messages, however it is split. One for each connection."""

    def __init__(self, frame_bytes_max: int = FRAME_BYTES_MAX) -> None:
        self._max = frame_bytes_max
        self._buffer = bytearray()
        self._failed: FrameError | None = None

    @property
    def pending_bytes(self) -> int:
        """Bytes of an unfinished frame that are held."""
        return len(self._buffer)

    def push(self, chunk: bytes) -> list[Message]:
        """The messages that `chunk` completes, in order.

        Raises `FrameError` at the first bad frame, with the messages before it in `received`; from then on every call
        raises the same code, with none.
        """
        if self._failed is not None:
            raise FrameError(self._failed.code, str(self._failed))
        self._buffer += chunk
        messages: list[Message] = []
        at = 0
        try:
            while len(self._buffer) - at >= _PREFIX.size:
                (size,) = _PREFIX.unpack_from(self._buffer, at)
                _check_size(size, self._max)
                start = at + _PREFIX.size
                if len(self._buffer) - start < size:
                    break
                # A copy: views of the buffer would keep it from growing.
                messages.append(decode_message(bytes(self._buffer[start : start + size]), self._max))
                at = start + size
        except FrameError as error:
            self._failed = error
            self._buffer = bytearray()
            error.received = messages
            raise
        if at > 0:
            del self._buffer[:at]
        return messages


def _check_size(size: int, limit: int) -> None:
    if size == 0:
        raise FrameError("frame_empty", "a frame of no bytes")
    if size > limit:
        raise FrameError("frame_too_large", f"a frame of {size} bytes; at most {limit} (frame_bytes_max) are taken")


def _plain(value: Any, depth: int, path: str) -> Any:
    """The value as MessagePack carries it for every runtime: integers never as floats, text that is UTF-8."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _well_formed(value)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise FrameError("frame_bad_shape", f"{path} is an integer of more than 64 bits, which a frame cannot carry")
        return int(value)
    if isinstance(value, float):
        # A negative zero is the one whole number that an integer cannot say.
        whole = value.is_integer() and abs(value) <= SAFE_INTEGER_MAX and (value != 0 or str(value) == "0.0")
        return int(value) if whole else value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if depth >= FRAME_DEPTH_MAX:
        raise FrameError("frame_bad_shape", f"the payload nests deeper than {FRAME_DEPTH_MAX} levels")
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1, f"{path}[]") for item in value]
    if isinstance(value, Mapping):
        return {_key(key, path): _plain(item, depth + 1, f"{path}.{key}") for key, item in value.items()}
    raise FrameError("frame_bad_shape", f"{path} is a {type(value).__name__}, which a frame cannot carry")


def _key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise FrameError("frame_bad_shape", f"{path} has a key that is no string, which a frame cannot carry")
    return _well_formed(key)


def _well_formed(text: str) -> str:
    """A lone surrogate, which UTF-8 cannot carry, becomes U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _check_plain(root: object) -> None:
    """Refuses what only some runtimes could read: extensions, other keys than strings, deep nesting."""
    level: list[object] = [root]
    depth = 0
    while level:
        inner: list[object] = []
        for container in level:
            items: Any = ()
            if type(container) is dict:
                items = container.values()
                if not all(type(key) is str for key in container):
                    raise FrameError("frame_bad_msgpack", "not a MessagePack message: a key is no string")
            elif type(container) is list:
                items = container
            elif not isinstance(container, (str, bytes, int, float, type(None))):
                raise FrameError("frame_bad_msgpack", "not a MessagePack message: extensions are not known here")
            for item in items:
                if not isinstance(item, (str, bytes, int, float, type(None))):
                    inner.append(item)
        level = inner
        depth += 1
        if level and depth >= FRAME_DEPTH_MAX and any(isinstance(each, (dict, list)) for each in level):
            raise FrameError("frame_bad_msgpack", f"a message nests deeper than {FRAME_DEPTH_MAX} levels")


def _as_message(value: object) -> Message:
    """Keys beside the six are not looked at."""
    if not isinstance(value, dict):
        raise FrameError("frame_bad_shape", "a message is a map")
    if "version" not in value:
        raise FrameError("frame_bad_shape", "a message has a version")
    version = value["version"]
    if isinstance(version, bool) or version != PROTOCOL_VERSION:
        named = version if isinstance(version, (int, float, str)) else type(version).__name__
        raise FrameError(
            "frame_bad_version", f"protocol version {named} is not spoken here; version {PROTOCOL_VERSION} is"
        )
    message_id, runtime, payload = value.get("id"), value.get("runtime"), value.get("payload")
    message_type, timestamp = whole_number(value.get("type")), whole_number(value.get("timestamp"))
    if message_type is None:
        raise FrameError("frame_bad_shape", "`type` is a whole number")
    if not isinstance(message_id, str):
        raise FrameError("frame_bad_shape", "`id` is a string")
    if timestamp is None:
        raise FrameError("frame_bad_shape", "`timestamp` is a whole number of milliseconds")
    if not isinstance(runtime, str):
        raise FrameError("frame_bad_shape", "`runtime` is a string")
    if not isinstance(payload, dict):
        raise FrameError("frame_bad_shape", "`payload` is a map")
    return Message(type=message_type, payload=payload, id=message_id, timestamp=timestamp, runtime=runtime)


def whole_number(value: object) -> int | None:
    """A whole number from 0 to 2^53 - 1, however it was written; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value) if 0 <= value <= SAFE_INTEGER_MAX else None
