"""The command `sluice-worker`: a worker that runs the commands of builds, or the handlers of a Python file."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import logging
import os
import socket
import ssl
import sys
from collections.abc import Sequence
from typing import Any

from .connection import client_tls
from .errors import Refused
from .websocket import is_websocket, websocket_url
from .worker import DRAIN_MS, HEARTBEAT_MS, Worker

EXAMPLE = """example:
  sluice-worker --connect build.example:7891 --tls --token-file worker.token --labels gpu,zone=eu --slots 4

With --app a module or file is loaded first; its variable `worker`, or the one named after a colon, is the worker that
connects: `sluice-worker --app tests_worker.py:worker --connect 127.0.0.1:7891`. Exit codes: 0 after leaving in peace,
1 when the master does not take the worker, 2 when the command is wrong.
"""


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    found = argparse.ArgumentParser(
        prog="sluice-worker",
        description="Runs builds for a master of the Sluice worker protocol.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("--connect", metavar="ADDRESS", required=True, type=_address, help="HOST:PORT, ws://… or wss://…")
    found.add_argument("--id", metavar="NAME", help="name of this worker (default: the machine's name)")
    found.add_argument("--token-file", metavar="FILE", help="file with the token that lets the worker join")
    found.add_argument("--credential-file", metavar="FILE", help="file that keeps the credential to come back with")
    found.add_argument("--blobs-url", metavar="URL", help="server to fetch inputs from and store outputs at")
    found.add_argument("--pass-env", metavar="A,B", default="", help="variables that commands of builds get")
    found.add_argument("--labels", metavar="A,B=C", default="", help="labels beside os, arch, libc and runtime")
    found.add_argument("--capabilities", metavar="A,B", default="build", help="what the worker can do (default: build)")
    found.add_argument("--slots", metavar="N", type=_positive, default=1, help="builds at a time (default: 1)")
    found.add_argument("--app", metavar="MODULE[:NAME]", help="module or file with a worker and its handlers")
    found.add_argument("--tls", action="store_true", help="connect over TLS; needed for other machines")
    found.add_argument("--tls-ca", metavar="FILE", help="certificates to trust (PEM), beside --tls")
    found.add_argument("--heartbeat-ms", metavar="MS", type=_positive, default=HEARTBEAT_MS, help=argparse.SUPPRESS)
    found.add_argument(
        "--drain-ms", metavar="MS", type=_positive, default=DRAIN_MS, help=f"time to finish at the end ({DRAIN_MS})"
    )
    found.add_argument("--verbose", action="store_true", help="say more")
    return found


def _address(text: str) -> tuple[str, int] | str:
    if is_websocket(text):
        try:
            return websocket_url(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
    host, separator, port = text.rpartition(":")
    if separator == "" or not port.isdigit() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is no HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def load(app: str) -> Worker:
    """The worker of a module or file. Raises `ValueError`."""
    place, _, name = app.partition(":")
    module: Any
    if place.endswith(".py") or os.sep in place:
        # The file's own folder, as for `python FILE`.
        sys.path.insert(0, os.path.dirname(os.path.abspath(place)))
        module = importlib.import_module(os.path.splitext(os.path.basename(place))[0])
    else:
        sys.path.insert(0, os.getcwd())
        module = importlib.import_module(place)
    worker = getattr(module, name or "worker", None)
    if not isinstance(worker, Worker):
        raise ValueError(f"{place} has no Worker named {name or 'worker'}")
    return worker


def worker_of(options: argparse.Namespace) -> Worker:
    """The worker that the options describe. Raises `ValueError`, `OSError`."""
    if options.app is not None:
        worker = load(options.app)
        given = [name for name in ("id", "labels", "token_file", "credential_file", "blobs_url", "pass_env") if getattr(options, name)]
        if given:
            raise ValueError(f"with --app the worker in the file says itself: --{given[0].replace('_', '-')}")
        return worker
    return Worker(
        options.id or socket.gethostname(),
        _words(options.capabilities),
        slots=options.slots,
        labels=_words(options.labels),
        token_file=options.token_file,
        credential_file=options.credential_file,
        blobs_url=options.blobs_url,
        pass_env=_words(options.pass_env),
        heartbeat_ms=options.heartbeat_ms,
        drain_ms=options.drain_ms,
    )


def _tls(ca_file: str | None) -> ssl.SSLContext:
    try:
        return client_tls(ca_file)
    except OSError as error:
        raise ValueError(f"{ca_file} cannot be used: {error}") from None


async def _work(worker: Worker, options: argparse.Namespace) -> None:
    tls = _tls(options.tls_ca) if options.tls or options.tls_ca is not None else None
    where = options.connect
    if isinstance(where, str):
        await worker.connect_url(where, tls=tls, wait=True)
    else:
        host, port = where
        await worker.connect(host, port, tls=tls, wait=True)
        where = f"{host}:{port}"
    print(f"{worker.worker_id} is connected to {where}", flush=True)
    await worker.run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; its exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr
    )
    try:
        worker = worker_of(options)
    except (OSError, ValueError, ImportError) as error:
        print(f"sluice-worker: {error}", file=sys.stderr)
        return 2
    try:
        asyncio.run(_work(worker, options))
    except Refused as error:
        print(f"sluice-worker: the master does not take this worker: {error}", file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        print(f"sluice-worker: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
