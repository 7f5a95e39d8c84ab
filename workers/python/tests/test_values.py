"""Values against the golden vectors of the value format, and what Python makes of what only JavaScript has."""

from __future__ import annotations

import datetime
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from sluice_worker.value_format import ValueFault
from sluice_worker.values import decode_value, encode_value

VECTORS = json.loads(
    (Path(__file__).parents[3] / "packages" / "protocol" / "vectors" / "values.json").read_text()
)
PLAIN: dict[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "negative zero": -0.0,
    "integers": [1, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, 2**53 - 1],
    "negative integers": [-1, -32, -33, -128, -129, -32768, -32769, -2147483648, -2147483649, 1 - 2**53],
    "numbers past the safe integers": [2.0**53, -(2.0**53), 1e300],
    "fractions": [0.5, -12.25, 5e-324],
    "empty string": "",
    "text": "Grüße, 東京 🚀",
    "text of 256 bytes": "x" * 256,
    "order": {"id": "o-17", "total": 12.5, "items": [1, 2, 3]},
    "empty containers": {"a": [], "b": {}},
    "16 keys": {f"k{number}": number for number in range(16)},
    "bytes": b"\0\x01\xfe\xff",
    "own __proto__": {"__proto__": {"admin": True}},
    "date": datetime.datetime(2026, 1, 1, 0, 0, 0, 1000, tzinfo=datetime.timezone.utc),
    "lone surrogates": "a\ud800b\udc00",
    "bigint of three words": 2**127,
}
#: What is read as something else than it was.
READ: dict[str, Any] = {
    "undefined": None,
    "a property that is undefined": {"a": None, "b": [None]},
    "bigints": [0, 1, -1, 2**63 - 1, -(2**63)],
    "bigints of two words": [2**63, -(2**63) - 1, 2**127 - 1, -(2**127)],
    "regexp": "/a(b)?\\/c/giu",
    "map": {"a": 1, "b": {"c": 2}},
    "array buffer": b"\x01\x02\x03",
    "int8 array": [-1, 2],
    "int16 array": [-2, 258],
    "float32 array": [0.5, -2.0],
    "bigint64 array": [-2],
    "biguint64 array": [2**64 - 1],
    "data view": b"\x01\x02\x03",
    "views that share a buffer": {"a": b"\x01\x02\x03\x04", "b": [0x0403], "c": b"\x01\x02\x03\x04", "d": b"\x02\x03"},
    "error": {"name": "Error", "message": "broken", "stack": "Error: broken\n    at here"},
    "boxed": [True, 1.5, "text", 2],
    "array with holes": [1, None, 3, None],
    "shared object": {"billing": {"city": "Wien"}, "shipping": {"city": "Wien"}},
}
BY_NAME = {vector["name"]: bytes.fromhex(vector["hex"]) for vector in VECTORS["vectors"]}


@pytest.mark.parametrize("name", list(PLAIN))
def test_what_python_has_is_written_and_read_byte_for_byte(name: str) -> None:
    assert encode_value(PLAIN[name]).hex() == BY_NAME[name].hex()
    assert repr(decode_value(BY_NAME[name])) == repr(PLAIN[name])


@pytest.mark.parametrize("name", list(READ))
def test_what_only_javascript_has_is_read_as_the_nearest(name: str) -> None:
    assert decode_value(BY_NAME[name]) == READ[name]


@pytest.mark.parametrize("name", list(BY_NAME))
def test_every_golden_value_can_be_read(name: str) -> None:
    decode_value(BY_NAME[name])


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: str(vector["name"]))
def test_what_is_no_value_is_refused(vector: dict[str, str]) -> None:
    with pytest.raises(ValueFault) as refused:
        decode_value(bytes.fromhex(vector["hex"]))
    assert refused.value.code == "value_bad_encoding"


def test_shared_objects_and_cycles_are_the_same_object_again() -> None:
    shared = decode_value(BY_NAME["shared object"])
    assert shared["billing"] is shared["shipping"]
    cycle = decode_value(BY_NAME["cycle"])
    assert cycle["self"] is cycle


def test_what_python_writes_beyond_that_comes_back() -> None:
    moment = datetime.datetime(2026, 1, 1, 12, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    value = {"when": moment, "tags": {"a", "b"}, "large": 2**200, "pair": (1, 2), "whole": 3.0}
    assert decode_value(encode_value(value)) == {**value, "pair": [1, 2], "whole": 3}
    assert math.isnan(decode_value(encode_value(math.nan)))
    for odd in (object(), {1: 2}):
        with pytest.raises(ValueFault) as refused:
            encode_value(odd)
        assert refused.value.code == "value_not_serializable"
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(ValueFault, match="deeper"):
        encode_value(cycle)


def test_mutated_values_are_values_or_refused() -> None:
    chance = random.Random(3)
    good = list(BY_NAME.values())
    refused = 0
    for _ in range(20_000):
        data = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            decode_value(bytes(data))
        except ValueFault:
            refused += 1
    assert refused > 1_000
