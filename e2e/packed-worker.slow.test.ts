// `sluice-worker` from the packed tarball on Deno and on Bun; on Node it is part of the test of the package.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packAll } from "../scripts/pack.ts";
import { expectWorker } from "./packed-worker.suite.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-packed-worker-"));
const program = join(folder, "node_modules/sluice/bin/sluice-worker.mjs");
const denoVersion = "2.9.6";

beforeAll(async () => {
  const [sluice = ""] = await packAll();
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const command = ["npm", "install", "--prefer-offline", "--no-audit", "--no-fund", sluice, `deno@${denoVersion}`];
  const child = Bun.spawn(command, { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  expect(`${await child.exited}\n${await child.stderr.text()}`).toStartWith("0\n");
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("sluice-worker from the package", () => {
  test(
    "on Deno",
    () => expectWorker(folder, [join(folder, "node_modules/.bin/deno"), "run", "-A", program], "deno"),
    60_000,
  );
  test("on Bun", () => expectWorker(folder, [process.execPath, program], "bun"), 60_000);
});
