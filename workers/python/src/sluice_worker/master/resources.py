"""RESOURCE_*: what a machine has, and who takes how much of it.

Workers on one machine say so with the label `machine=NAME` and share; any other worker is a machine of its own. A claim
dies with its connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from ..frames import new_id

#: Sums of fractions of a core are not exact.
ROUNDING_MAX = 1e-9

Amounts = Mapping[str, float]


@dataclass(frozen=True)
class Claimant:
    """A connection that may claim: who it is, the machine it is on, and what it says the machine has."""

    key: Hashable
    machine: str
    resources: Amounts


@dataclass(frozen=True)
class _Claim:
    owner: Claimant
    amounts: Amounts


@dataclass(frozen=True)
class _Waiting:
    owner: Claimant
    amounts: Amounts
    granted: asyncio.Future[str | None]


class ResourceTable:
    """Claims by machine, first come, first served: what is large does not starve behind what is small."""

    def __init__(self) -> None:
        self._claimants: dict[Hashable, Claimant] = {}
        self._claims: dict[str, _Claim] = {}
        self._waiting: list[_Waiting] = []

    def join(self, claimant: Claimant) -> None:
        """Somebody who may claim."""
        self._claimants[claimant.key] = claimant

    def leave(self, claimant: Claimant) -> None:
        """What it claimed is free again."""
        self._claimants.pop(claimant.key, None)
        for claim_id in [id for id, claim in self._claims.items() if claim.owner is claimant]:
            del self._claims[claim_id]
        for waiting in [each for each in self._waiting if each.owner is claimant]:
            self._settle(waiting, None)
        self._admit()

    async def claim(self, owner: Claimant, amounts: Amounts, wait_ms: float = 0) -> str | None:
        """The claim's id; None where the machine never has that much, or not in time."""
        total = self.total(owner)
        if any(amount > total.get(name, 0) + ROUNDING_MAX for name, amount in amounts.items()):
            return None
        behind = any(each.owner.machine == owner.machine for each in self._waiting)
        if not behind and self._fits(owner, amounts):
            return self._grant(owner, amounts)
        if wait_ms <= 0:
            return None
        waiting = _Waiting(owner, amounts, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        try:
            await asyncio.wait({waiting.granted}, timeout=wait_ms / 1000)
        except asyncio.CancelledError:
            self._settle(waiting, None)
            granted = waiting.granted.result()
            if granted is not None:
                self._claims.pop(granted, None)
            self._admit()
            raise
        self._settle(waiting, None)
        self._admit()
        return waiting.granted.result()

    def release(self, owner: Claimant, claim_id: str) -> bool:
        """False where the claim is not this one's."""
        claim = self._claims.get(claim_id)
        if claim is None or claim.owner is not owner:
            return False
        del self._claims[claim_id]
        self._admit()
        return True

    def total(self, owner: Claimant) -> dict[str, float]:
        """What the machine has: of each the most that one of its workers has said."""
        total: dict[str, float] = {}
        for each in [*self._claimants.values(), owner]:
            if each.machine == owner.machine:
                for name, amount in each.resources.items():
                    total[name] = max(total.get(name, 0), amount)
        return total

    def claimed(self, owner: Claimant) -> dict[str, float]:
        """What is taken of the machine."""
        claimed: dict[str, float] = {}
        for claim in self._claims.values():
            if claim.owner.machine == owner.machine:
                for name, amount in claim.amounts.items():
                    claimed[name] = claimed.get(name, 0) + amount
        return claimed

    def _fits(self, owner: Claimant, amounts: Amounts) -> bool:
        total, claimed = self.total(owner), self.claimed(owner)
        return all(
            claimed.get(name, 0) + amount <= total.get(name, 0) + ROUNDING_MAX for name, amount in amounts.items()
        )

    def _grant(self, owner: Claimant, amounts: Amounts) -> str:
        claim_id = new_id()
        self._claims[claim_id] = _Claim(owner, dict(amounts))
        return claim_id

    def _settle(self, waiting: _Waiting, claim_id: str | None) -> None:
        if waiting in self._waiting:
            self._waiting.remove(waiting)
        if not waiting.granted.done():
            waiting.granted.set_result(claim_id)

    def _admit(self) -> None:
        blocked: set[str] = set()
        for waiting in list(self._waiting):
            machine = waiting.owner.machine
            if machine in blocked:
                continue
            if self._fits(waiting.owner, waiting.amounts):
                self._settle(waiting, self._grant(waiting.owner, waiting.amounts))
            else:
                blocked.add(machine)
