"""Reads documents of the value format, whatever wrote them."""

from __future__ import annotations

import datetime
import math
import struct
from collections.abc import Callable
from typing import Any

from .value_format import EPOCH, VALUE_DEPTH_MAX, ValueFault

#: Places of an array with holes: they are filled with None here, where JavaScript keeps nothing.
UNEVEN_LENGTH_MAX = 1_048_576

_NUMBERS = {
    0xCA: "f",
    0xCB: "d",
    0xCC: "B",
    0xCD: "H",
    0xCE: "I",
    0xCF: "Q",
    0xD0: "b",
    0xD1: "h",
    0xD2: "i",
    0xD3: "q",
}
_SIZED = {
    0xC4: ("bytes", "B"),
    0xC5: ("bytes", "H"),
    0xC6: ("bytes", "I"),
    0xC7: ("extension", "B"),
    0xC8: ("extension", "H"),
    0xC9: ("extension", "I"),
    0xD9: ("text", "B"),
    0xDA: ("text", "H"),
    0xDB: ("text", "I"),
    0xDC: ("list", "H"),
    0xDD: ("list", "I"),
    0xDE: ("map", "H"),
    0xDF: ("map", "I"),
}
#: `struct` letters of the element types of views by kind, from 1; None for bytes.
_VIEW_FORMATS = ("b", None, None, "h", "H", "i", "I", "f", "d", "q", "Q", None, "e")
_ERROR_KINDS = frozenset(
    "AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError DOMException Error".split()
)


class Reader:
    """Reads one document. By hand, because references count objects in the order in which they begin."""

    def __init__(self, data: bytes, *, extended: bool) -> None:
        self._data = data
        self._at = 0
        self._extended = extended
        self._objects: list[Any] = []

    def document(self) -> Any:
        value = self._value(0)
        if self._at != len(self._data):
            raise self._fault(f"{len(self._data) - self._at} bytes follow the end")
        return value

    def _fault(self, problem: str) -> ValueFault:
        return ValueFault(f"not an encoded value: {problem} (byte {self._at})", code="value_bad_encoding")

    def _take(self, size: int) -> bytes:
        if size > len(self._data) - self._at:
            raise self._fault("ends too early")
        self._at += size
        return self._data[self._at - size : self._at]

    def _number(self, form: str) -> Any:
        return struct.unpack(">" + form, self._take(struct.calcsize(form)))[0]

    def _value(self, depth: int) -> Any:
        head = self._take(1)[0]
        if head < 0x80:
            return head
        if head >= 0xE0:
            return head - 0x100
        if head < 0x90:
            return self._map(head & 0x0F, depth)
        if head < 0xA0:
            return self._list(head & 0x0F, depth)
        if head < 0xC0:
            return self._take(head & 0x1F).decode()
        simple = {0xC0: None, 0xC2: False, 0xC3: True}
        if head in simple:
            return simple[head]
        if head in _NUMBERS:
            return self._number(_NUMBERS[head])
        if head in _SIZED:
            kind, form = _SIZED[head]
            size = self._number(form)
            readers: dict[str, Callable[[], Any]] = {
                "text": lambda: self._take(size).decode(),
                "bytes": lambda: self._binary(self._take(size)),
                "list": lambda: self._list(size, depth),
                "map": lambda: self._map(size, depth),
                "extension": lambda: self._extension(size, depth),
            }
            return readers[kind]()
        if 0xD4 <= head <= 0xD8:
            return self._extension(1 << (head - 0xD4), depth)
        raise self._fault("0xc1 is no MessagePack")

    def _enter(self, depth: int, count: int) -> None:
        if depth >= VALUE_DEPTH_MAX:
            raise self._fault(f"nests deeper than {VALUE_DEPTH_MAX} levels")
        if count > len(self._data) - self._at:
            raise self._fault("ends too early")

    def _list(self, count: int, depth: int) -> list[Any]:
        self._enter(depth, count)
        found: list[Any] = []
        self._objects.append(found)
        for _ in range(count):
            found.append(self._value(depth + 1))
        return found

    def _map(self, count: int, depth: int) -> dict[str, Any]:
        self._enter(depth, count * 2)
        found: dict[str, Any] = {}
        self._objects.append(found)
        self._members(found, count, depth)
        return found

    def _members(self, into: dict[str, Any], count: int, depth: int) -> None:
        for _ in range(count):
            key = self._text()
            into[key] = self._value(depth + 1)

    def _text(self) -> str:
        head = self._data[self._at]
        if 0xA0 <= head < 0xC0 or head in (0xD9, 0xDA, 0xDB):
            return str(self._value(0))
        if self._extended and (0xC7 <= head <= 0xC9 or 0xD4 <= head <= 0xD8):
            value = self._value(0)
            if isinstance(value, str):
                return value
        raise self._fault("a string is missing")

    def _binary(self, data: bytes) -> bytes:
        # Two: a byte array and the buffer under it can each be named again.
        self._objects += [data, data]
        return data

    def _extension(self, size: int, depth: int) -> Any:
        kind = self._take(1)[0]
        if not self._extended:
            raise self._fault("an extension stands without the header of the value format")
        if size > len(self._data) - self._at:
            raise self._fault("ends too early")
        end = self._at + size
        value = self._body(kind, size, depth)
        if self._at != end:
            raise self._fault(f"the body of extension type {kind} is not {size} bytes long")
        return value

    def _body(self, kind: int, size: int, depth: int) -> Any:
        if kind == 1:
            self._take(1)
            return None
        if kind == 2:
            number = self._number("I")
            if number >= len(self._objects):
                raise self._fault(f"object {number} is referred to and was not there before")
            return self._objects[number]
        if kind == 3:
            return self._take(size).decode("utf-16-le", "surrogatepass")
        if kind == 4:
            if size == 0 or size % 8 != 0:
                raise self._fault("a BigInt is not made of 8-byte words")
            return int.from_bytes(self._take(size), "big", signed=True)
        if kind == 5:
            return self._keep(_date(self._number("d")))
        if kind == 11:
            return self._keep(self._take(size))
        if kind == 12:
            return self._view(size)
        readers = {6: self._regexp, 7: self._pairs, 8: self._set, 9: self._error, 10: self._boxed}
        readers |= {13: self._shared_view, 14: self._uneven}
        if kind not in readers:
            raise self._fault(f"extension type {kind} is not known in format version 1")
        self._enter(depth, 0)
        return readers[kind](depth)

    def _keep(self, value: Any) -> Any:
        self._objects.append(value)
        return value

    def _count(self, kind: str) -> int:
        fixed, size16 = (0x90, 0xDC) if kind == "array" else (0x80, 0xDE)
        head = self._take(1)[0]
        if fixed <= head < fixed + 0x10:
            return head - fixed
        if head not in (size16, size16 + 1):
            raise self._fault(f"a header of {kind} is missing")
        count: int = self._number("H" if head == size16 else "I")
        self._enter(0, count)
        return count

    def _regexp(self, depth: int) -> Any:
        source, flags = self._text(), self._text()
        return self._keep(f"/{source}/{flags}")

    def _pairs(self, depth: int) -> Any:
        at = len(self._objects)
        found: dict[Any, Any] = {}
        self._objects.append(found)
        count = self._count("array")
        if count % 2 != 0:
            raise self._fault("a Map has a key without a value")
        pairs = [(self._value(depth + 1), self._value(depth + 1)) for _ in range(count // 2)]
        try:
            found.update(pairs)
            return found
        except TypeError:
            self._objects[at] = [list(pair) for pair in pairs]
            return self._objects[at]

    def _set(self, depth: int) -> Any:
        at = len(self._objects)
        found: set[Any] = set()
        self._objects.append(found)
        items = [self._value(depth + 1) for _ in range(self._count("array"))]
        try:
            found.update(items)
            # Python holds 1 and True for one thing.
            if len(found) == len(items):
                return found
        except TypeError:
            pass
        self._objects[at] = items
        return items

    def _error(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._objects.append(found)
        kind = self._text()
        if kind not in _ERROR_KINDS:
            raise self._fault("an error is of no standard class")
        found["name"] = kind
        self._members(found, self._count("map"), depth)
        self._members(found, self._count("map"), depth)
        return found

    def _boxed(self, depth: int) -> Any:
        at = len(self._objects)
        self._objects.append(None)
        value = self._value(depth + 1)
        if not isinstance(value, (bool, int, float, str)):
            raise self._fault("a boxed value is no primitive")
        self._objects[at] = value
        return value

    def _uneven(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self._objects.append(found)
        length = self._value(0)
        if isinstance(length, bool) or not isinstance(length, int) or not 0 <= length <= UNEVEN_LENGTH_MAX:
            raise self._fault(f"an array is longer than {UNEVEN_LENGTH_MAX} (UNEVEN_LENGTH_MAX)")
        found.extend([None] * length)
        for _ in range(self._count("map")):
            head = self._data[self._at]
            index = self._value(0) if head < 0x80 or 0xCC <= head <= 0xCF else self._text()
            value = self._value(depth + 1)
            # Python's lists have no properties beside their items.
            if isinstance(index, int):
                found[index] = value
        return found

    def _view(self, size: int) -> Any:
        kind = self._number("B")
        content = self._take(size - 1)
        value = self._elements(kind, content)
        self._objects += [value, content]
        return value

    def _shared_view(self, depth: int) -> Any:
        at = len(self._objects)
        self._objects.append(None)
        kind, offset, length = self._value(0), self._value(0), self._value(0)
        buffer = self._value(depth + 1)
        if not isinstance(buffer, bytes) or not all(isinstance(each, int) for each in (kind, offset, length)):
            raise self._fault("a view has no buffer")
        form = self._form(kind)
        width = 1 if form is None else struct.calcsize(form)
        if not 0 <= offset <= offset + length * width <= len(buffer):
            raise self._fault("a view does not fit its buffer")
        self._objects[at] = self._elements(kind, buffer[offset : offset + length * width])
        return self._objects[at]

    def _form(self, kind: int) -> str | None:
        if not 1 <= kind <= len(_VIEW_FORMATS):
            raise self._fault(f"views of kind {kind} are not known")
        return _VIEW_FORMATS[kind - 1]

    def _elements(self, kind: int, content: bytes) -> Any:
        form = self._form(kind)
        if form is None:
            return content
        if len(content) % struct.calcsize(form) != 0:
            raise self._fault("a view does not fit its buffer")
        return [element for (element,) in struct.iter_unpack("<" + form, content)]


def _date(ms: float) -> datetime.datetime | None:
    """None for an invalid date, and for one beyond the years that Python has."""
    if not math.isfinite(ms):
        return None
    try:
        return EPOCH + datetime.timedelta(milliseconds=ms)
    except OverflowError:
        return None
