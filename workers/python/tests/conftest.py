"""Runs `async def` tests, each in an event loop of its own and with a limit on its time."""

from __future__ import annotations

import asyncio
import inspect
import os
import shutil
import subprocess
from pathlib import Path
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


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """Files with a certificate for `localhost`, signed by itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with: apt-get install openssl")
    key, file = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made = ["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", file]
    subprocess.run([*make, *made], check=True, capture_output=True)
    return file, key
