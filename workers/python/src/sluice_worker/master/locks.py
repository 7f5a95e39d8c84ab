"""LOCK_*: mutual exclusion with times to live and fences. First come, first served."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

#: Longest wait for a lock or for resources.
WAIT_MS_MAX = 600_000


@dataclass
class Held:
    """A lock somebody has."""

    token: str
    fence: int
    #: Milliseconds since 1970.
    expires: float


class LockFault(Exception):
    """Why a lock was not given."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LockTable:
    """Locks by resource. A lock whose owner is gone lives until its time is over."""

    def __init__(self, now_ms: Callable[[], float]) -> None:
        self._now_ms = now_ms
        self._held: dict[str, Held] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        # Counted from the time, fences go on growing after the master was started again, which remembers none.
        self._fence = int(now_ms())

    async def acquire(self, resource: str, ttl_ms: float, wait_ms: float = 0) -> Held:
        """Takes the lock, waiting at most `wait_ms` milliseconds. Raises `LockFault`."""
        queue = self._waiting.setdefault(resource, deque())
        if not queue and self._free(resource):
            return self._take(resource, ttl_ms)
        until = self._now_ms() + min(wait_ms, WAIT_MS_MAX)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            while True:
                if queue[0] is turn and self._free(resource):
                    return self._take(resource, ttl_ms)
                now = self._now_ms()
                if now >= until:
                    raise LockFault("lock_held", "Another holds the lock.")
                held = self._held.get(resource)
                # The first in line looks when the lock runs out; those behind are woken when they are first.
                wake = min(until, held.expires) if held is not None and queue[0] is turn else until
                await asyncio.wait({turn}, timeout=max(0.0, wake - now) / 1000)
                if turn.done():
                    queue[queue.index(turn)] = turn = asyncio.get_running_loop().create_future()
        finally:
            queue.remove(turn)
            if queue:
                _wake(queue[0])
            elif self._waiting.get(resource) is queue:
                del self._waiting[resource]

    def renew(self, resource: str, token: str, ttl_ms: float) -> Held:
        """Holds on for another `ttl_ms` milliseconds. Raises `LockFault`."""
        held = self._mine(resource, token)
        held.expires = self._now_ms() + ttl_ms
        return held

    def release(self, resource: str, token: str) -> None:
        """Lets go. Raises `LockFault` for another token than the one it is held with."""
        self._mine(resource, token)
        del self._held[resource]
        queue = self._waiting.get(resource)
        if queue:
            _wake(queue[0])

    def _free(self, resource: str) -> bool:
        held = self._held.get(resource)
        return held is None or held.expires <= self._now_ms()

    def _take(self, resource: str, ttl_ms: float) -> Held:
        self._fence += 1
        held = Held(secrets.token_urlsafe(18), self._fence, self._now_ms() + ttl_ms)
        self._held[resource] = held
        if not self._waiting.get(resource):
            self._waiting.pop(resource, None)
        return held

    def _mine(self, resource: str, token: str) -> Held:
        held = self._held.get(resource)
        if held is None or held.expires <= self._now_ms() or not hmac.compare_digest(held.token, token):
            raise LockFault("lock_lost", "The lock is not held with this token: it was released, or has run out.")
        return held


def _wake(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
