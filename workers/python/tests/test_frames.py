"""Frames and messages against the golden vectors of the worker protocol, and against bytes that are no good."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any, Literal

import pytest

from sluice_worker import FrameDecoder, FrameError, Message, MessageError, decode_message, encode_frame
from sluice_worker.frames import FRAME_BYTES_MAX, FRAME_DEPTH_MAX
from sluice_worker.messages import parse_payload

VECTORS = Path(__file__).parents[3] / "packages" / "protocol" / "vectors"
FILES = [name for name in ("messages.json", "worker-frames.json") if (VECTORS / name).exists()]


def load(key: str) -> list[Any]:
    """The vectors under `key` of every file, as parameters with their names."""
    found = []
    for name in FILES:
        for vector in json.loads((VECTORS / name).read_text()).get(key, []):
            found.append(pytest.param(vector, id=f"{name}: {vector['name']}"))
    return found


def revive(value: Any) -> Any:
    """`$bytes` and `$integer` of the files are bytes and a large integer."""
    if isinstance(value, list):
        return [revive(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    if "$integer" in value:
        return int(value["$integer"])
    return {key: revive(item) for key, item in value.items()}


def message_of(vector: dict[str, Any]) -> Message:
    found = vector["message"]
    assert found["version"] == 1
    return Message(
        type=found["type"],
        payload=revive(found["payload"]),
        id=found["id"],
        timestamp=found["timestamp"],
        runtime=found["runtime"],
    )


def test_the_vectors_are_there() -> None:
    assert "messages.json" in FILES
    assert len(load("vectors")) > 40


@pytest.mark.parametrize("vector", load("vectors"))
def test_golden_frames_are_written_and_read_byte_for_byte(vector: dict[str, Any]) -> None:
    message = message_of(vector)
    frame = bytes.fromhex(vector["hex"])
    assert encode_frame(message).hex() == vector["hex"]
    assert FrameDecoder().push(frame) == [message]
    decoder = FrameDecoder()
    assert [each for byte in frame for each in decoder.push(bytes([byte]))] == [message]


@pytest.mark.parametrize("vector", load("vectors"))
def test_golden_payloads_fit_their_type(vector: dict[str, Any]) -> None:
    message = message_of(vector)
    kinds: list[str] = []
    for sender in senders():
        try:
            kinds.append(parse_payload(message, sender)[0].name)
        except MessageError as error:
            assert error.code == "message_wrong_direction"
    assert kinds and all(vector["name"].startswith(kind) for kind in kinds)


def senders() -> list[Literal["worker", "master"]]:
    return ["worker", "master"]


@pytest.mark.parametrize("vector", load("refused"))
def test_bad_frames_are_refused_with_their_code(vector: dict[str, Any]) -> None:
    decoder = FrameDecoder()
    with pytest.raises(FrameError) as refused:
        decoder.push(bytes.fromhex(vector["hex"]))
    assert refused.value.code == vector["code"]
    # What follows a bad frame cannot be trusted.
    with pytest.raises(FrameError) as again:
        decoder.push(encode_frame(Message(type=0x10, payload={})))
    assert again.value.code == vector["code"]


@pytest.mark.parametrize("vector", load("taken"))
def test_frames_of_other_writers_are_taken(vector: dict[str, Any]) -> None:
    assert FrameDecoder().push(bytes.fromhex(vector["hex"])) == [message_of(vector)]


@pytest.mark.parametrize("vector", load("judged"))
def test_messages_that_are_no_good_are_judged(vector: dict[str, Any]) -> None:
    [message] = FrameDecoder().push(bytes.fromhex(vector["hex"]))
    with pytest.raises(MessageError) as judged:
        parse_payload(message, vector["sender"])
    assert judged.value.code == vector["code"]


def test_a_hundred_frames_in_one_write_and_good_ones_before_a_bad_one() -> None:
    frames = b"".join(encode_frame(Message(type=0x10, payload={"n": n})) for n in range(100))
    assert [message.payload["n"] for message in FrameDecoder().push(frames)] == list(range(100))
    decoder = FrameDecoder()
    with pytest.raises(FrameError) as refused:
        decoder.push(frames + b"\0\0\0\0")
    assert refused.value.code == "frame_empty"
    assert len(refused.value.received) == 100
    assert decoder.pending_bytes == 0


def test_an_announced_length_takes_no_memory() -> None:
    decoder = FrameDecoder()
    assert decoder.push(FRAME_BYTES_MAX.to_bytes(4, "big")) == []
    assert decoder.pending_bytes == 4
    with pytest.raises(FrameError) as refused:
        FrameDecoder().push((FRAME_BYTES_MAX + 1).to_bytes(4, "big"))
    assert refused.value.code == "frame_too_large"


def test_a_message_that_is_too_large_is_not_sent() -> None:
    with pytest.raises(FrameError) as refused:
        encode_frame(Message(type=0x31, payload={"key": "k", "value": b"\0" * FRAME_BYTES_MAX}))
    assert refused.value.code == "frame_too_large"


def round_trip(value: object) -> object:
    [message] = FrameDecoder().push(encode_frame(Message(type=0x31, payload={"value": value})))
    return message.payload["value"]


def test_numbers_and_text_are_what_every_runtime_reads() -> None:
    assert [type(each) for each in (round_trip(2.0), round_trip(2.5), round_trip(True))] == [int, float, bool]
    assert str(round_trip(-0.0)) == "-0.0"
    assert round_trip(1e300) == 1e300
    assert round_trip((1, bytearray(b"x"))) == [1, b"x"]
    assert round_trip("a\ud800b") == "a\ufffdb"
    assert round_trip("\ud83d\ude80") == "\U0001f680"
    assert round_trip("\ufeffx") == "\ufeffx"


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, {1: 2}, object(), {"a": {1, 2}}], ids=repr)
def test_what_a_frame_cannot_carry_is_refused(value: object) -> None:
    with pytest.raises(FrameError) as refused:
        encode_frame(Message(type=0x31, payload={"value": value}))
    assert refused.value.code == "frame_bad_shape"


def test_nesting_has_a_limit_on_both_sides() -> None:
    def nested(depth: int) -> object:
        value: object = 1
        for _ in range(depth):
            value = [value]
        return value

    deepest = nested(FRAME_DEPTH_MAX - 2)
    assert round_trip(deepest) == deepest
    with pytest.raises(FrameError):
        encode_frame(Message(type=0x31, payload={"value": nested(FRAME_DEPTH_MAX - 1)}))
    for depth in (FRAME_DEPTH_MAX + 1, 2_000, 100_000):
        with pytest.raises(FrameError) as refused:
            decode_message(b"\x91" * depth + b"\x01")
        assert refused.value.code == "frame_bad_msgpack"


def test_a_fuzzed_frame_is_a_message_or_a_typed_error() -> None:
    chance = random.Random(7)
    good = [bytes.fromhex(each.values[0]["hex"]) for each in load("vectors")]
    codes: set[str] = set()
    for _ in range(20_000):
        frame = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 4)):
            frame[chance.randrange(4, len(frame))] = chance.randrange(256)
        try:
            for message in FrameDecoder().push(bytes(frame)):
                parse_payload(message, "worker")
        except (FrameError, MessageError) as error:
            codes.add(error.code)
    assert {"frame_bad_msgpack", "frame_bad_shape", "frame_bad_version", "message_unknown_type"} <= codes
