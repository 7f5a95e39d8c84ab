"""What workers share through their master: state, locks and resources."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import LockHeld, LockLost, MasterError, ResourcesExhausted, SluiceError, VersionConflict
from .link import Link
from .messages import MessageType, present

#: A lock is kept this long beyond its last renewal, unless one says otherwise.
LOCK_TTL_MS = 30_000
#: A lock that is held is renewed after this part of its time.
RENEW_AFTER = 1 / 3


@dataclass(frozen=True)
class StateEntry:
    """A value and its version, which grows with every change of the key."""

    value: Any
    version: int


def _failure(payload: Mapping[str, Any], default: type[MasterError]) -> MasterError:
    error = payload.get("error") or {"code": default.code, "message": "The master refused, and does not say why."}
    kind = {cls.code: cls for cls in (LockHeld, VersionConflict, ResourcesExhausted)}.get(error["code"], MasterError)
    return kind(error["message"], code=error["code"])


class State:
    """Values shared by all workers of a master."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def get(self, key: str) -> StateEntry | None:
        """The value under `key`; None where there is none. Raises `MasterError`."""
        answer = await self._ask(MessageType.STATE_GET, {"key": key})
        version = answer.get("version", 0)
        return None if version == 0 else StateEntry(answer.get("value"), version)

    async def set(
        self, key: str, value: object, *, ttl_ms: float | None = None, if_version: int | None = None
    ) -> int:
        """Sets `key`, for `ttl_ms` milliseconds where that is given; its new version.

        With `if_version` only at that version (0: only where there is none): raises `VersionConflict`, `MasterError`.
        """
        payload = {"key": key, "value": value, **present(ttl_ms=ttl_ms, if_version=if_version)}
        return int((await self._ask(MessageType.STATE_SET, payload)).get("version", 0))

    async def delete(self, key: str, *, if_version: int | None = None) -> None:
        """Deletes `key`. Raises `VersionConflict`, `MasterError`."""
        await self._ask(MessageType.STATE_DELETE, present(key=key, if_version=if_version))

    async def _ask(self, kind: MessageType, payload: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self._link.request(kind, payload)
        if not answer["ok"]:
            raise _failure(answer, MasterError)
        return answer


@dataclass
class Lock:
    """A lock that is held."""

    resource: str
    token: str
    #: Grows with every new holder of this lock: pass it to what the lock guards, which refuses a smaller one.
    fence: int
    #: Milliseconds since 1970, on the master's clock.
    expires: float
    #: The lock could not be renewed: another may hold it.
    lost: bool = False


class Locks:
    """Mutual exclusion among all workers of a master."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def acquire(self, resource: str, *, ttl_ms: float = LOCK_TTL_MS, wait_ms: float | None = None) -> Lock:
        """Takes the lock, waiting for it `wait_ms` milliseconds at most. Raises `LockHeld`, `MasterError`."""
        answer = await self._ask(present(resource=resource, ttl_ms=ttl_ms, wait_ms=wait_ms))
        return Lock(resource, answer["token"], answer.get("fence", 0), answer.get("expires", 0))

    async def renew(self, lock: Lock, *, ttl_ms: float = LOCK_TTL_MS) -> None:
        """Holds the lock for another `ttl_ms` milliseconds. Raises `MasterError`."""
        answer = await self._ask({"resource": lock.resource, "ttl_ms": ttl_ms, "token": lock.token})
        lock.expires = answer.get("expires", lock.expires)

    async def release(self, lock: Lock) -> None:
        """Lets the lock go. Raises `MasterError` where this worker does not hold it any more."""
        payload = {"resource": lock.resource, "token": lock.token}
        answer = await self._link.request(MessageType.LOCK_RELEASE, payload)
        if not answer["ok"]:
            raise _failure(answer, MasterError)

    @contextlib.asynccontextmanager
    async def hold(
        self, resource: str, *, ttl_ms: float = LOCK_TTL_MS, wait_ms: float | None = None
    ) -> AsyncIterator[Lock]:
        """Holds the lock, renewed as long as the block takes. Raises `LockHeld`; `LockLost` where it could not be kept."""
        lock = await self.acquire(resource, ttl_ms=ttl_ms, wait_ms=wait_ms)
        owner = asyncio.current_task()
        assert owner is not None
        keeper = asyncio.ensure_future(self._keep(lock, ttl_ms, owner))
        try:
            yield lock
        except asyncio.CancelledError:
            if lock.lost:
                # The cancellation was this block's own, and ends here.
                uncancel = getattr(owner, "uncancel", None)
                if uncancel is not None:
                    uncancel()
                raise LockLost(f"the lock {resource} could not be renewed") from None
            raise
        finally:
            keeper.cancel()
            # It lives until its time is over where the master cannot be told.
            with contextlib.suppress(SluiceError):
                if not lock.lost:
                    await self.release(lock)

    async def _keep(self, lock: Lock, ttl_ms: float, owner: asyncio.Task[Any]) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + ttl_ms / 1000
        while True:
            await asyncio.sleep(ttl_ms * RENEW_AFTER / 1000)
            asked = loop.time()
            try:
                await asyncio.wait_for(self.renew(lock, ttl_ms=ttl_ms), max(0.001, until - asked))
                until = asked + ttl_ms / 1000
            except MasterError:
                break
            except (SluiceError, asyncio.TimeoutError, TimeoutError):
                # The connection may come back before the time is over.
                if loop.time() >= until:
                    break
        lock.lost = True
        owner.cancel()

    async def _ask(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self._link.request(MessageType.LOCK_ACQUIRE, payload)
        if not answer["ok"]:
            raise _failure(answer, LockHeld)
        return answer


@dataclass(frozen=True)
class ResourceStatus:
    """Amounts by name: `cpu` in cores, `memory_bytes`, or a name of one's own."""

    total: Mapping[str, float]
    claimed: Mapping[str, float]


class Resources:
    """Admission by amounts, so that two heavy tasks never share a small machine."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def status(self) -> ResourceStatus:
        """What there is, and what is taken."""
        answer = await self._link.request(MessageType.RESOURCE_STATUS, {"total": {}, "claimed": {}})
        return ResourceStatus(answer["total"], answer["claimed"])

    async def claim(self, resources: Mapping[str, float], *, wait_ms: float | None = None) -> str:
        """Takes amounts, waiting `wait_ms` milliseconds at most; the claim's id. Raises `ResourcesExhausted`.

        A claim dies with the connection it was made on.
        """
        payload = present(resources=dict(resources), wait_ms=wait_ms)
        answer = await self._link.request(MessageType.RESOURCE_CLAIM, payload)
        if not answer.get("ok", False):
            raise ResourcesExhausted("what was claimed is not free")
        return str(answer["claim_id"])

    async def release(self, claim_id: str) -> None:
        """Gives a claim back. Raises `MasterError` where it is not known any more."""
        answer = await self._link.request(MessageType.RESOURCE_RELEASE, {"claim_id": claim_id})
        if not answer.get("ok", True):
            raise MasterError("the claim is not known", code="claim_unknown")

    @contextlib.asynccontextmanager
    async def hold(self, *, wait_ms: float | None = None, **resources: float) -> AsyncIterator[str]:
        """Holds amounts as long as the block takes: `async with worker.resources.hold(cpu=2)`."""
        claim_id = await self.claim(resources, wait_ms=wait_ms)
        try:
            yield claim_id
        finally:
            with contextlib.suppress(SluiceError):
                await self.release(claim_id)
