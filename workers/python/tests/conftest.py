"""Runs `async def` tests, each in an event loop of its own and with a limit on its time."""

from __future__ import annotations

import asyncio
import inspect
import os
from typing import Any

import pytest

#: Nothing here takes long; what hangs is told by its own name.
TEST_SECONDS_MAX = 600 if os.environ.get("TEST_TIER") == "full" else 60


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Takes over the functions that pytest itself cannot call."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in names}

    async def main() -> None:
        await asyncio.wait_for(pyfuncitem.obj(**arguments), TEST_SECONDS_MAX)

    asyncio.run(main())
    return True
