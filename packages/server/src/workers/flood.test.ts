// A gigabyte of output through one worker: it is slowed by its own socket, memory stays flat, and others are served meanwhile.
import { expect, test } from "bun:test";
import { Rig } from "./rig.suite.ts";

const pieceBytes = 256 * 1024;
const floodBytes = 1024 * 1024 * 1024;
/** What a collector may leave lying about, of a gigabyte that passes. */
const growthBytesMax = 192 * 1024 * 1024;

test("a gigabyte of output passes, and memory stays flat", async () => {
  await using rig = await Rig.make({ limits: { buildOutputBytesMax: 1024 * 1024 } });
  const [flood, other] = [await rig.worker("flood"), await rig.worker("other", { capabilities: [] })];
  const build = await rig.build({ target: "t", on: { capabilities: ["build"] } });
  await flood.next("BUILD_REQUEST");
  const { bytes } = flood.frame("BUILD_PROGRESS", { build_id: build, chunk: new Uint8Array(pieceBytes).fill(65) });
  const before = process.memoryUsage().rss;
  let most = 0;
  for (let sent = 0; sent < floodBytes; sent += pieceBytes) {
    if (!flood.raw(bytes)) await flood.drained();
    if (sent % (64 * pieceBytes) !== 0) continue;
    expect(await other.ask("STATE_GET", { key: "k" }, "STATE_RESPONSE")).toMatchObject({ ok: true });
    most = Math.max(most, process.memoryUsage().rss - before);
  }
  flood.send("BUILD_COMPLETED", { build_id: build, status: "success" });
  expect(await rig.until(build, "completed")).toMatchObject({ outputBytesSeen: floodBytes });
  expect(most).toBeLessThan(growthBytesMax);
}, 300_000);
