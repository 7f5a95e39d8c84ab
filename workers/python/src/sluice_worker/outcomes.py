"""What a build came to, as the message that ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .commands import CommandNotStarted, CommandResult
from .errors import BuildFailed, RetryAfter, SluiceError
from .messages import MessageType, present
from .work import Final


@dataclass(frozen=True)
class BuildResult:
    """What a handler may return instead of a plain value."""

    output: object = None
    exit_code: int | None = None
    #: Maps of `path`, `sha256`, `size`, `mode` and perhaps `link`; the bytes travel over HTTP.
    artifacts: Sequence[Mapping[str, Any]] = ()


def final_of(result: object) -> Final:
    """What the value that a handler returned means."""
    if isinstance(result, Final):
        return result
    if isinstance(result, CommandResult):
        return _ended(result)
    if isinstance(result, BuildResult):
        artifacts = [dict(artifact) for artifact in result.artifacts] or None
        return completed(output=result.output, exit_code=result.exit_code, artifacts=artifacts)
    return completed(output=result)


def final_of_error(error: BaseException) -> Final:
    """What the exception that a handler raised means."""
    if isinstance(error, BuildFailed):
        return failed(error.code, str(error), exit_code=error.exit_code, output=error.output)
    if isinstance(error, CommandNotStarted):
        return failed("spawn_failed", str(error))
    if isinstance(error, RetryAfter):
        return failed(error.code, str(error), retry_after_ms=error.delay_ms)
    if isinstance(error, SluiceError):
        return failed(error.code, str(error))
    return failed("handler_failed", f"{type(error).__name__}: {error}")


def completed(**keys: Any) -> Final:
    """A build that succeeded."""
    return Final(MessageType.BUILD_COMPLETED, {"status": "success", **present(**keys)})


def failed(code: str, message: str, **keys: Any) -> Final:
    """A build that did not succeed. Further keys of the error are for masters that know them."""
    delay = keys.pop("retry_after_ms", None)
    error = present(code=code, message=message, retry_after_ms=delay)
    return Final(MessageType.BUILD_FAILED, {"status": "failed", **present(**keys), "error": error})


def completed_in(final: Final, took_ms: float) -> Mapping[str, Any]:
    """The payload, with the time it took where it succeeded."""
    if final.kind != MessageType.BUILD_COMPLETED:
        return final.payload
    return {**final.payload, "duration_ms": round(took_ms)}


def _ended(result: CommandResult) -> Final:
    code = result.exit_code
    if code == 0:
        return completed(exit_code=0)
    how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
    return failed("build_failed", f"The command {how}.", exit_code=code)
