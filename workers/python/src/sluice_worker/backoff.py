"""How long to wait before the next attempt to connect: longer each time, and never the same for two workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Exponential, with full jitter above a floor, so that many workers do not come back at once."""

    first_ms: float = 50
    max_ms: float = 10_000
    factor: float = 2

    def delay_ms(self, attempt: int, chance: Callable[[], float]) -> float:
        """Milliseconds before attempt number `attempt` (from 0). `chance` gives numbers from 0 to below 1."""
        # The exponent is bounded: a float cannot hold what a worker that waits for a year would ask for.
        ceiling = min(self.max_ms, self.first_ms * self.factor ** min(attempt, 64))
        floor = min(self.first_ms, ceiling) / 2
        return floor + (ceiling - floor) * chance()
