"""The message types of the worker protocol, who may send them, and what their payloads must hold.

Unknown keys are ignored and missing required ones refused; an optional key may also be nil, which reads as absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, Literal

from .frames import Message, whole_number

Sender = Literal["worker", "master"]
MessageErrorCode = Literal["message_unknown_type", "message_wrong_direction", "message_bad_payload"]


class MessageType(IntEnum):
    """Every message type, version 1, that any make of worker may speak."""

    HELLO = 0x01
    HELLO_ACK = 0x02
    HEARTBEAT = 0x10
    HEARTBEAT_ACK = 0x11
    BUILD_REQUEST = 0x20
    BUILD_STARTED = 0x21
    BUILD_PROGRESS = 0x22
    BUILD_COMPLETED = 0x23
    BUILD_FAILED = 0x24
    BUILD_CANCEL = 0x25
    STATE_GET = 0x30
    STATE_SET = 0x31
    STATE_DELETE = 0x32
    STATE_RESPONSE = 0x33
    LOCK_ACQUIRE = 0x40
    LOCK_RELEASE = 0x41
    LOCK_RESPONSE = 0x42
    RESOURCE_CLAIM = 0x50
    RESOURCE_RELEASE = 0x51
    RESOURCE_STATUS = 0x52
    ERROR = 0xFF


class RunMessageType(IntEnum):
    """Those of the types 0x60–0x7f that are about tasks of runs, which only Sluice's own master sends."""

    HANDBACK = 0x68
    PIECE = 0x69
    TASK = 0x72
    REVOKE = 0x73
    RESULT = 0x74
    NOTE = 0x75


_TO_WORKER = frozenset(
    {
        MessageType.HELLO_ACK,
        MessageType.BUILD_REQUEST,
        MessageType.BUILD_CANCEL,
        MessageType.STATE_RESPONSE,
        MessageType.LOCK_RESPONSE,
    }
)
_BOTH = frozenset(
    {MessageType.HEARTBEAT, MessageType.HEARTBEAT_ACK, MessageType.RESOURCE_STATUS, MessageType.ERROR}
)


class MessageError(Exception):
    """A message that is answered with ERROR; the connection stays."""

    def __init__(self, code: MessageErrorCode, message: str) -> None:
        super().__init__(message)
        self.code: MessageErrorCode = code


class _Refused(Exception):
    """A value that does not fit, with the path to it below the value that was checked."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem)
        self.path = path


Check = Callable[[Any], Any]
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise _Refused("is a string")
    return value


def _name(value: Any) -> Any:
    if _text(value) == "":
        raise _Refused("is not empty")
    return value


def _boolean(value: Any) -> Any:
    if not isinstance(value, bool):
        raise _Refused("is true or false")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise _Refused("is a number")
    return value


def _amount(value: Any) -> Any:
    if _number(value) < 0 or value == float("inf"):
        raise _Refused("is a number from 0")
    return value


def _positive(value: Any) -> Any:
    if _amount(value) == 0:
        raise _Refused("is more than 0")
    return value


def _count(value: Any) -> Any:
    number = whole_number(value)
    if number is None:
        raise _Refused("is a whole number from 0")
    return number


def _integer(value: Any) -> Any:
    number = _number(value)
    if isinstance(number, float) and not number.is_integer():
        raise _Refused("is a whole number")
    return int(number)


def _slots(value: Any) -> Any:
    if _count(value) == 0:
        raise _Refused("is at least 1")
    return int(value)


def _anything(value: Any) -> Any:
    return value


def _constant(wanted: str) -> Check:
    def check(value: Any) -> Any:
        if value != wanted:
            raise _Refused(f"is {wanted}")
        return value

    return check


def _one_of(*checks: Check) -> Check:
    def check(value: Any) -> Any:
        problems: list[str] = []
        for each in checks:
            try:
                return each(value)
            except _Refused as refused:
                problems.append(str(refused))
        raise _Refused(" or ".join(problems))

    return check


def _list(item: Check) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, list):
            raise _Refused("is a list")
        return [_at(str(index), each, item) for index, each in enumerate(value)]

    return check


def _record(item: Check) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _Refused("is a map")
        return {key: _at(key, each, item) for key, each in value.items()}

    return check


def _map(required: Mapping[str, Check] | None = None, **optional: Check) -> Check:
    """A map with these keys; others stay as they are, an optional one that is nil is taken out."""

    def check(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _Refused("is a map")
        read = dict(value)
        for key, each in (required or {}).items():
            if key not in value:
                raise _Refused("is required", key)
            read[key] = _at(key, value[key], each)
        for key, each in optional.items():
            if value.get(key) is None:
                read.pop(key, None)
            else:
                read[key] = _at(key, value[key], each)
        return read

    return check


def _at(key: str, value: Any, check: Check) -> Any:
    try:
        return check(value)
    except _Refused as refused:
        raise _Refused(str(refused), f"{key}.{refused.path}" if refused.path else key) from None


def _sha256(value: Any) -> Any:
    if not isinstance(value, str) or _SHA256.fullmatch(value) is None:
        raise _Refused("is a SHA-256 in lower case hex")
    return value


def _bytes(value: Any) -> Any:
    if not isinstance(value, bytes):
        raise _Refused("is bytes")
    return value


def _stream(value: Any) -> Any:
    if value not in ("stdout", "stderr"):
        raise _Refused("is stdout or stderr")
    return value


_failure = _map({"code": _name, "message": _text})
_amounts = _record(_amount)
_file = _map({"path": _name, "sha256": _sha256, "size": _count, "mode": _count}, link=_text)
_offer = _one_of(_name, _map({"name": _text}))
_running = _list(_map({"build_id": _name, "epoch": _count}))
_running_or_ids = _list(_one_of(_name, _map({"build_id": _name}, epoch=_count)))

_PAYLOADS: Mapping[MessageType, Check] = {
    MessageType.HELLO: _map(
        {"worker_id": _name, "capabilities": _list(_text)},
        runtime=_text,
        token=_text,
        slots=_slots,
        labels=_list(_text),
        resources=_amounts,
        heartbeat_ms=_positive,
        workflows=_list(_offer),
        tasks=_list(_offer),
        running=_running,
    ),
    MessageType.HELLO_ACK: _map(
        {"accepted": _boolean},
        master_id=_text,
        assigned_resources=_list(_anything),
        heartbeat_ms=_amount,
        lease_ms=_amount,
        credential=_text,
        blobs_url=_text,
        reason=_text,
    ),
    MessageType.HEARTBEAT: _map(
        worker_id=_text, load=_one_of(_number, _record(_anything)), running=_running_or_ids
    ),
    MessageType.HEARTBEAT_ACK: _map(worker_id=_text),
    MessageType.BUILD_REQUEST: _map(
        {
            "build_id": _name,
            "target": _text,
            "options": _map(
                command=_list(_text),
                cwd=_text,
                env=_record(_text),
                inputs=_list(_file),
                outputs=_list(_text),
                timeout_ms=_amount,
            ),
        },
        epoch=_count,
    ),
    MessageType.BUILD_STARTED: _map({"build_id": _name}, pid=_count),
    MessageType.BUILD_PROGRESS: _map(
        {"build_id": _name}, done=_amount, total=_amount, message=_text, stream=_stream, chunk=_one_of(_text, _bytes)
    ),
    MessageType.BUILD_COMPLETED: _map(
        {"build_id": _name, "status": _constant("success")},
        output=_anything,
        exit_code=_integer,
        duration_ms=_amount,
        artifacts=_list(_file),
        epoch=_count,
    ),
    MessageType.BUILD_FAILED: _map(
        {"build_id": _name, "status": _constant("failed")},
        output=_anything,
        exit_code=_integer,
        error=_failure,
        epoch=_count,
    ),
    MessageType.BUILD_CANCEL: _map({"build_id": _name}, grace_ms=_amount),
    MessageType.STATE_GET: _map({"key": _name}),
    MessageType.STATE_SET: _map({"key": _name, "value": _anything}, ttl_ms=_amount, if_version=_count),
    MessageType.STATE_DELETE: _map({"key": _name}, if_version=_count),
    MessageType.STATE_RESPONSE: _map(
        {"request_id": _name, "ok": _boolean}, value=_anything, version=_count, error=_failure
    ),
    MessageType.LOCK_ACQUIRE: _map({"resource": _name, "ttl_ms": _amount}, wait_ms=_amount, token=_text),
    MessageType.LOCK_RELEASE: _map({"resource": _name, "token": _text}),
    MessageType.LOCK_RESPONSE: _map(
        {"request_id": _name, "ok": _boolean}, token=_text, fence=_count, expires=_amount, error=_failure
    ),
    MessageType.RESOURCE_CLAIM: _map({"resources": _amounts}, wait_ms=_amount),
    MessageType.RESOURCE_RELEASE: _map({"claim_id": _name}),
    MessageType.RESOURCE_STATUS: _map(
        {"total": _amounts, "claimed": _amounts}, request_id=_text, ok=_boolean, claim_id=_text
    ),
    MessageType.ERROR: _map({"code": _name, "message": _text}, request_id=_text),
}


def parse_payload(message: Message, sender: Sender) -> tuple[MessageType, dict[str, Any]]:
    """Type and payload of a message that is known, may come from `sender`, and has every required key.

    Raises `MessageError`. Optional keys that are nil are not in the payload that is returned.
    """
    try:
        known = MessageType(message.type)
    except ValueError:
        raise MessageError("message_unknown_type", f"message type 0x{message.type:02x} is not known here") from None
    if known not in _BOTH and (known in _TO_WORKER) == (sender == "worker"):
        raise MessageError("message_wrong_direction", f"{known.name} is not for a {sender} to send")
    try:
        payload: dict[str, Any] = _PAYLOADS[known](dict(message.payload))
    except _Refused as refused:
        place = f"payload.{refused.path}" if refused.path else "payload"
        raise MessageError("message_bad_payload", f"{known.name}: {place}: {refused}") from None
    return known, payload


def present(**keys: Any) -> dict[str, Any]:
    """A payload of those keys that are not None."""
    return {key: value for key, value in keys.items() if value is not None}
