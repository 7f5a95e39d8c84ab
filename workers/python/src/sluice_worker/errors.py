"""What goes wrong between a program, its worker and its master, as exceptions with a code that scripts can trust."""

from __future__ import annotations


class SluiceError(Exception):
    """Base of everything this package raises by intent. `code` is the closed code that crosses the wire."""

    code = "failed"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class Refused(SluiceError):
    """The master did not take this worker: its token is wrong, revoked, or bound to another worker. Not tried again."""

    code = "worker_refused"


class MasterError(SluiceError):
    """The master answered a request with an error; `code` is the master's."""


class Disconnected(SluiceError):
    """The connection closed before the master answered. Whether it has done what was asked is not known."""

    code = "disconnected"


class NotConnected(SluiceError):
    """The worker has no connection to a master, and will not get one by itself."""

    code = "not_connected"


class LockHeld(MasterError):
    """Another holds the lock, and did not let go in time."""

    code = "lock_held"


class LockLost(SluiceError):
    """A lock could not be renewed in time: another may hold it now."""

    code = "lock_lost"


class VersionConflict(MasterError):
    """A key of the state is at another version than the one that was expected."""

    code = "state_version_conflict"


class ResourcesExhausted(MasterError):
    """What was claimed is not free, and did not become free in time."""

    code = "resources_exhausted"


class Cancelled(SluiceError):
    """Nobody waits for this work any more. Raised by the calls of a handler that works in a thread."""

    code = "cancelled"


class NonRetryable(SluiceError):
    """Raised by a handler: trying again would not help."""

    code = "non_retryable"


class RetryAfter(SluiceError):
    """Raised by a handler: try again, but not before `delay_ms` milliseconds have passed."""

    code = "retry_after"

    def __init__(self, message: str, *, delay_ms: float, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.delay_ms = delay_ms


class BuildFailed(SluiceError):
    """A build that did not succeed: raised by a handler to say how, and by a master's `result()`."""

    code = "build_failed"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        exit_code: int | None = None,
        output: object = None,
    ) -> None:
        super().__init__(message, code=code)
        #: Exit code of the command; negative for the signal that ended it; None where there was none.
        self.exit_code = exit_code
        self.output = output
