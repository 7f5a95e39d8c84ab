"""Files of builds: which of them are meant, and where they may go. The server's side is real in the contract with Sluice's master."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from rig import a_master, a_worker, connected
from sluice_worker import BlobError, Blobs, Build, BuildFailed, MessageType
from sluice_worker.blobs import blobs_url_in, outputs_match


@pytest.mark.parametrize(
    ("patterns", "path", "wanted"),
    [
        (["dist"], "dist/a/b.js", True),
        (["./dist/**"], "dist/a/b.js", True),
        (["dist/**"], "dist.js", False),
        (["dist"], "distant/a", False),
        (["dist/*.js"], "dist/a/b.js", False),
        (["**/*.js"], "a.js", True),
        (["**/*.js"], "a/b/c.jsx", False),
        (["src/**/out.txt"], "src/a/b/out.txt", True),
        (["a?c"], "a/c", False),
        (["a.b+(c)"], "a.b+(c)", True),
        (["dist/**", "!dist/**/*.map"], "dist/a.js.map", False),
        (["dist/**", "!dist/**/*.map", "dist/keep.map"], "dist/keep.map", True),
        ([], "a", False),
    ],
)
def test_outputs_name_files(patterns: list[str], path: str, wanted: bool) -> None:
    assert outputs_match(patterns, path) is wanted


@pytest.mark.parametrize("path", ["../escaped", "/etc/escaped", "a/../../escaped", "out/escaped", "a\0b", "."])
def test_a_path_that_leads_out_is_refused(path: str, tmp_path: Path) -> None:
    folder = tmp_path / "build"
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (folder / "out").symlink_to(tmp_path / "elsewhere")
    link = {"path": path, "sha256": "0" * 64, "size": 0, "mode": 0o777, "link": "x"}
    with pytest.raises(BlobError) as refused:
        Blobs("http://127.0.0.1:1", lambda: None).fetch_all([link], folder)
    assert refused.value.code == "path_unsafe"
    assert not (tmp_path / "escaped").is_symlink() and not (tmp_path / "elsewhere" / "escaped").is_symlink()


async def test_files_that_cannot_be_had_fail_the_build_with_a_code() -> None:
    worker = a_worker()

    @worker.on(MessageType.BUILD_REQUEST)
    async def build(build: Build) -> None:
        await build.fetch_inputs("nowhere")

    async with a_master() as master, connected(worker, master.port):
        with pytest.raises(BuildFailed, match="blobs_url") as failed:
            await (await master.dispatch_build("t")).result()
        assert failed.value.code == "input_failed"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(BlobError) as gone:
            Blobs(url, lambda: "t").missing(["0" * 64])
    assert gone.value.code == "artifact_failed"


@pytest.mark.parametrize(
    ("said", "master", "url"),
    [
        ("https://build.example", None, "https://build.example"),
        ("http://127.0.0.1:7890", None, "http://127.0.0.1:7890"),
        ("/", "https://build.example/worker", "https://build.example/"),
        ("/", "http://localhost:7890/worker", "http://localhost:7890/"),
        ("http://build.example", None, None),
        ("/", None, None),
        ("file:///etc", None, None),
        (7, None, None),
    ],
)
def test_blobs_are_where_the_master_says_unless_the_token_would_travel_in_the_clear(
    said: object, master: str | None, url: str | None
) -> None:
    assert blobs_url_in({"blobs_url": said}, master) == url
    assert blobs_url_in({}, master) is None
