"""Worker and master of Sluice's worker protocol, version 1."""

from .backoff import Backoff
from .blobs import BlobError, Blobs
from .builds import BlockingBuild, Build, BuildOptions
from .commands import CommandNotStarted, CommandResult
from .connection import client_tls, server_tls
from .errors import (
    BuildFailed,
    Cancelled,
    Disconnected,
    LockHeld,
    LockLost,
    MasterError,
    NonRetryable,
    NotConnected,
    Refused,
    ResourcesExhausted,
    RetryAfter,
    SluiceError,
    VersionConflict,
)
from .frames import FrameDecoder, FrameError, Message, decode_message, encode_frame, encode_message
from .master import BuildEvent, BuildReport, DispatchedBuild, EventStream, MasterDaemon, WorkerInfo, WorkerToken
from .messages import MessageError, MessageType
from .outcomes import BuildResult
from .shared import Lock, ResourceStatus, StateEntry
from .tasks import BlockingTask, Task
from .value_format import ValueFault
from .values import decode_value, encode_value
from .worker import Worker

__version__ = "0.1.0"

__all__ = [
    "Backoff",
    "BlobError",
    "Blobs",
    "BlockingBuild",
    "BlockingTask",
    "Build",
    "BuildEvent",
    "BuildFailed",
    "BuildOptions",
    "BuildReport",
    "BuildResult",
    "Cancelled",
    "CommandNotStarted",
    "CommandResult",
    "Disconnected",
    "DispatchedBuild",
    "EventStream",
    "FrameDecoder",
    "FrameError",
    "Lock",
    "LockHeld",
    "LockLost",
    "MasterDaemon",
    "MasterError",
    "Message",
    "MessageError",
    "MessageType",
    "NonRetryable",
    "NotConnected",
    "Refused",
    "ResourceStatus",
    "ResourcesExhausted",
    "RetryAfter",
    "SluiceError",
    "StateEntry",
    "Task",
    "ValueFault",
    "VersionConflict",
    "Worker",
    "WorkerInfo",
    "WorkerToken",
    "client_tls",
    "decode_message",
    "decode_value",
    "encode_frame",
    "encode_message",
    "encode_value",
    "server_tls",
]
