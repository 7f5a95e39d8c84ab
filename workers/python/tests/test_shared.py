"""What workers share through their master: state, locks and resources."""

from __future__ import annotations

import asyncio

import pytest

from rig import Line, a_master, a_worker, connected, until
from sluice_worker import (
    LockHeld,
    LockLost,
    MasterError,
    NotConnected,
    ResourcesExhausted,
    StateEntry,
    VersionConflict,
    WorkerToken,
)


async def test_state_has_versions_and_times_to_live() -> None:
    now = [1_000_000.0]
    worker = a_worker(token="t")
    token = WorkerToken("t", state_prefixes=["ci/"])
    async with a_master(tokens=[token], clock=lambda: now[0]) as master, connected(worker, master.port):
        state = worker.state
        assert await state.get("ci/k") is None
        first = await state.set("ci/k", {"a": [1, None, b"x"]}, if_version=0)
        assert await state.get("ci/k") == StateEntry({"a": [1, None, b"x"]}, first)
        with pytest.raises(VersionConflict):
            await state.set("ci/k", 1, if_version=0)
        second = await state.set("ci/k", None, if_version=first, ttl_ms=500)
        assert await state.get("ci/k") == StateEntry(None, second) and second > first
        with pytest.raises(VersionConflict):
            await state.delete("ci/k", if_version=first)
        now[0] += 499
        assert await state.get("ci/k") is not None
        now[0] += 1
        assert await state.get("ci/k") is None
        third = await state.set("ci/k", 3)
        await state.delete("ci/k", if_version=third)
        assert third > second and await state.get("ci/k") is None
        with pytest.raises(MasterError) as forbidden:
            await state.set("other", 1)
        assert forbidden.value.code == "forbidden"


async def test_locks_are_exclusive_and_their_fences_grow() -> None:
    workers = [a_worker(f"w-{number}") for number in range(3)]
    inside, most = 0, 0
    fences: list[int] = []
    async with a_master() as master:
        for worker in workers:
            await worker.connect("127.0.0.1", master.port)

        async def contend(number: int) -> None:
            nonlocal inside, most
            for _ in range(20):
                async with workers[number].locks.hold("deploy", wait_ms=20_000) as lock:
                    inside += 1
                    most = max(most, inside)
                    fences.append(lock.fence)
                    await asyncio.sleep(0)
                    inside -= 1

        await asyncio.gather(*(contend(number) for number in range(3)))
        assert (most, len(fences)) == (1, 60)
        assert fences == sorted(set(fences))
        lock = await workers[0].locks.acquire("deploy")
        with pytest.raises(LockHeld):
            await workers[1].locks.acquire("deploy")
        lock.token += "x"
        with pytest.raises(MasterError):
            await workers[0].locks.release(lock)
        for worker in workers:
            await worker.close()


async def test_a_lock_outlives_its_owner_until_its_time_is_over() -> None:
    owner, heir = a_worker("owner"), a_worker("heir")
    async with a_master() as master, connected(heir, master.port):
        async with connected(owner, master.port):
            held = await owner.locks.acquire("deploy", ttl_ms=300)
        with pytest.raises(LockHeld):
            await heir.locks.acquire("deploy")
        inherited = await heir.locks.acquire("deploy", wait_ms=20_000)
        assert inherited.fence > held.fence
        with pytest.raises(MasterError):
            await heir.locks.renew(held)


async def test_a_lock_is_renewed_while_it_is_held_and_lost_when_it_cannot_be() -> None:
    worker, other = a_worker(), a_worker("other")
    async with a_master() as master, Line(master.port) as line, connected(worker, line.port), connected(other, master.port):
        async with worker.locks.hold("deploy", ttl_ms=150) as lock:
            began = lock.expires
            await until(lambda: lock.expires > began + 200, "two renewals")
            with pytest.raises(LockHeld):
                await other.locks.acquire("deploy")
        await other.locks.release(await other.locks.acquire("deploy"))
        with pytest.raises(LockLost):
            async with worker.locks.hold("deploy", ttl_ms=150):
                line.cut(stay_down=True)
                await asyncio.Event().wait()
        # The one that was cancelled is not, any more.
        line.mend()
        await until(lambda: worker.connected, "the next connection")


async def test_resources_admit_what_fits_the_machine() -> None:
    here = {"cpu": 2.0, "memory_bytes": 1_000_000.0}
    one, two = (a_worker(name, labels=["machine=m"], resources=here) for name in ("one", "two"))
    async with a_master() as master, connected(two, master.port):
        async with connected(one, master.port):
            claim = await one.resources.claim({"cpu": 1.5})
            with pytest.raises(ResourcesExhausted):
                await two.resources.claim({"cpu": 1})
            with pytest.raises(ResourcesExhausted):
                await two.resources.claim({"cpu": 3}, wait_ms=20_000)
            status = await two.resources.status()
            assert (status.total, status.claimed) == (here, {"cpu": 1.5})
            with pytest.raises(MasterError):
                await two.resources.release(claim)
            waiting = asyncio.ensure_future(two.resources.claim({"cpu": 1}, wait_ms=20_000))
            await one.resources.release(claim)
            await two.resources.release(await waiting)
            async with one.resources.hold(cpu=2):
                waiting = asyncio.ensure_future(two.resources.claim({"cpu": 2}, wait_ms=20_000))
                await one.resources.status()
                assert not waiting.done()
            await two.resources.release(await waiting)
            await one.resources.claim({"cpu": 2})
        # Claims die with their connection.
        assert await two.resources.claim({"cpu": 2}, wait_ms=20_000)


async def test_what_is_asked_of_a_worker_without_a_master_fails() -> None:
    with pytest.raises(NotConnected):
        await a_worker().state.get("k")
    with pytest.raises(NotConnected):
        await a_worker().run()
