// A stranger implements a worker from the page about it: the program that stands there, as it stands there.
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { workerMessageCodes } from "@sluice/protocol";
import { Rig } from "./rig.suite.ts";

const root = join(import.meta.dir, "../../../..");
const page = readFileSync(join(root, "docs/workers.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "sluice-stranger-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the worker of the page comes in, builds, and says how builds ended", async () => {
  const [, program = ""] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  writeFileSync(join(folder, "worker.mjs"), program);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  await using rig = await Rig.make();
  const command = ["node", "worker.mjs", "127.0.0.1", String(rig.port), await rig.token("stranger")];
  const worker = Bun.spawn(command, { cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const build = await rig.build({ target: "t", options: { command: ["sh", "-c", "echo hello from a stranger"] } });
  expect(await rig.until(build, "completed")).toMatchObject({ worker: "my-first", exitCode: 0 });
  expect((await rig.fixture.get(`/api/v1/builds/${build}/events`)).body).toContain("hello from a stranger");
  const failing = await rig.build({ target: "t", options: { command: ["false"] } });
  expect(await rig.until(failing, "failed")).toMatchObject({ exitCode: 1 });
  rig.fleet.stop();
  await worker.exited;
  expect(await worker.stdout.text()).toBe("accepted\n");
}, 30_000);

test("the page has every message with its code", () => {
  for (const [name, code] of Object.entries(workerMessageCodes)) {
    const row = page.split("\n").find((line) => line.startsWith("| 0x") && new RegExp(`\\b${name}\\b`).test(line));
    expect([name, row?.includes(`0x${code.toString(16).padStart(2, "0")}`)]).toEqual([name, true]);
  }
});
