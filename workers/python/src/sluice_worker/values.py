"""Values as runs keep them, version 1 of the value format: what tasks are given and what they return.

A value that MessagePack can carry by itself is exactly that. A document that needs more begins with `d4 00 01` and uses the
extensions of the format. They are read as what Python has for them, and a few are written: `datetime` as a date, sets as
sets, integers of more than 64 bits as big integers.
"""

from __future__ import annotations

import datetime
import math
import struct
from collections.abc import Mapping
from typing import Any

import msgpack

from .frames import SAFE_INTEGER_MAX
from .value_format import EPOCH, HEADER, VALUE_DEPTH_MAX, ValueFault
from .value_reader import Reader


def encode_value(value: object) -> bytes:
    """Bytes of a value: None, booleans, numbers, text, bytes, lists, dicts with string keys, datetimes, sets.

    Raises `ValueFault`.
    """
    writer = _Writer()
    try:
        plain = writer.plain(value, 0)
    except RecursionError:
        raise ValueFault("the value nests deeper than Python can follow", code="value_not_serializable") from None
    body: bytes = msgpack.packb(plain, use_bin_type=True, unicode_errors="strict")
    return HEADER + body if writer.extended else body


class _Writer:
    def __init__(self) -> None:
        self.extended = False

    def plain(self, value: Any, depth: int) -> Any:
        """The value in what MessagePack has, extensions included."""
        if value is None or isinstance(value, (bool, bytes)):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int):
            return int(value) if -(2**63) <= value < 2**64 else self._extension(4, _words(value))
        if isinstance(value, float):
            whole = value.is_integer() and abs(value) <= SAFE_INTEGER_MAX and math.copysign(1, value) > 0
            negative = value.is_integer() and -SAFE_INTEGER_MAX <= value < 0
            return int(value) if whole or negative else value
        if isinstance(value, (bytearray, memoryview)):
            return bytes(value)
        if isinstance(value, datetime.datetime):
            aware = value if value.tzinfo is not None else value.astimezone()
            return self._extension(5, struct.pack(">d", (aware - EPOCH) / datetime.timedelta(milliseconds=1)))
        if depth >= VALUE_DEPTH_MAX:
            raise ValueFault(f"the value nests deeper than {VALUE_DEPTH_MAX} levels", code="value_not_serializable")
        if isinstance(value, (list, tuple)):
            return [self.plain(item, depth + 1) for item in value]
        if isinstance(value, Mapping):
            return {self._key(key): self.plain(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (set, frozenset)):
            return self._extension(8, msgpack.packb([self.plain(item, depth + 1) for item in value]))
        raise ValueFault(f"a {type(value).__name__} cannot leave the process", code="value_not_serializable")

    def _extension(self, kind: int, body: bytes) -> msgpack.ExtType:
        self.extended = True
        return msgpack.ExtType(kind, body)

    def _text(self, text: str) -> Any:
        try:
            text.encode()
        except UnicodeEncodeError:
            # Lone surrogates, which UTF-8 cannot carry.
            return self._extension(3, text.encode("utf-16-le", "surrogatepass"))
        return text

    def _key(self, key: object) -> str:
        if not isinstance(key, str):
            raise ValueFault(f"a key is a {type(key).__name__}, and has to be text", code="value_not_serializable")
        return key.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _words(value: int) -> bytes:
    """Two's complement in the fewest whole 8-byte words."""
    words = (value.bit_length() // 64) + 1
    return value.to_bytes(8 * words, "big", signed=True)


def decode_value(data: bytes) -> Any:
    """The value of bytes. Raises `ValueFault`.

    `undefined` is None, a Map a dict (a list of pairs where a key cannot be one), a Set a set (or a list), an error a dict of
    its fields, a regular expression its text, buffers and views of bytes are bytes, other views lists of numbers.
    """
    try:
        if not data.startswith(HEADER):
            return Reader(data, extended=False).document()
        return Reader(data[len(HEADER) :], extended=True).document()
    except RecursionError:
        raise ValueFault("the value nests deeper than Python can follow", code="value_bad_encoding") from None
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise ValueFault(f"not an encoded value: {error or 'it ends too early'}", code="value_bad_encoding") from None
