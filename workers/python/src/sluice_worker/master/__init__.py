"""The Python master of the worker protocol."""

from .builds import BuildReport, DispatchedBuild
from .daemon import MasterDaemon, WorkerInfo
from .events import BuildEvent, EventStream
from .tokens import WorkerToken

__all__ = [
    "BuildEvent",
    "BuildReport",
    "DispatchedBuild",
    "EventStream",
    "MasterDaemon",
    "WorkerInfo",
    "WorkerToken",
]
