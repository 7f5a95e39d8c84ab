"""What is done with a build unless a handler is given: its command is run, in a folder with its inputs where it has any."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from .blobs import BlobError
from .builds import Build
from .errors import BuildFailed
from .outcomes import BuildResult


async def run_options_command(build: Build) -> object:
    """Runs the command of the build's options."""
    options = build.options
    if not options.command:
        raise BuildFailed("The build has no command, and this worker no handler.", code="command_missing")
    if build.blobs is None or not (options.inputs or options.outputs):
        return await build.run()
    if options.cwd is not None and os.path.isabs(options.cwd):
        return await _run_in(build, Path(options.cwd))
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="sluice-build-")
    try:
        return await _run_in(build, Path(folder).resolve())
    finally:
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, True))


async def _run_in(build: Build, folder: Path) -> object:
    """Puts the inputs in their places, runs the command there, and stores what the outputs name once it has ended well."""
    await build.fetch_inputs(folder)
    where = Path(os.path.normpath(folder / (build.options.cwd or "")))
    if where != folder and folder not in where.parents:
        raise BlobError(f"{build.options.cwd!r} leads out of the build's folder", code="path_unsafe")
    where.mkdir(parents=True, exist_ok=True)
    result = await build.run(cwd=str(where))
    if not result.ok:
        return result
    return BuildResult(exit_code=0, artifacts=await build.store_outputs(folder))
