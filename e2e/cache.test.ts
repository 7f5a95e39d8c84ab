// The build cache of the shipped command: what was put there is there after the server was killed, and `sluice cache` tells of it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandsIn, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-cache-e2e-"));
const project = join(work, "shop");
const { text, json, fails } = commandsIn(project);
let server: Running;
let url: string;
let token: string;

async function start(): Promise<void> {
  server = startSluice(["up", "--project", project, "--port", "0", "--json"]);
  ({ url } = await readyLine(server));
}

beforeAll(async () => {
  writeProject(project, {
    "workflows/shop.ts": `
import { workflow } from "sluice";

export const double = workflow({ name: "double" }, async (ctx, n: number) => await ctx.step("double", () => n * 2));
`,
  });
  await start();
  token = (await json("token", "create", "--name", "ci", "--role", "operator")).token as string;
});
afterAll(async () => {
  await stop(server);
  rmSync(work, { recursive: true, force: true });
});

const at = (key: string) => `${url}/cache/gradle/${key}`;
const put = (key: string, body: string) =>
  fetch(at(key), { method: "PUT", body, headers: { authorization: `Basic ${btoa(`any:${token}`)}` } });

describe("sluice cache", () => {
  test("has no folder before a build tool comes", () => {
    expect(existsSync(join(project, ".sluice/cache"))).toBe(false);
  });

  test("tells what there is, why, and makes room", async () => {
    expect(await text("cache", "why", "abc123")).toContain("Nothing is under this key");
    expect((await put("abc123", "what Gradle made")).status).toBe(200);
    const got = await fetch(at("abc123"), { headers: { authorization: `Bearer ${token}` } });
    expect(await got.text()).toBe("what Gradle made");
    expect(await text("cache", "stats")).toMatch(
      /1 results, 1 files, 16 bytes of 21\.5 GB on the disk\.[^]*gradle +1 +0 +100 %/,
    );
    expect(await json("cache", "stats")).toMatchObject({ entries: 1, spaces: { gradle: { hits: 1, misses: 0 } } });
    expect(await text("cache", "why", "abc123")).toMatch(/gradle +main .* 16 bytes +-/);
    // What was used a moment ago is in use.
    expect(await json("cache", "gc", "--max", "1")).toEqual({ entries: 0, blobs: 0, bytes: 0 });
    expect(await text("cache", "gc")).toContain("0 results and 0 files are gone");
    expect(await fails("cache", "gc", "--max", "much")).toMatchObject({ code: 2 });
  });

  test("finds what it had after the server was killed", async () => {
    expect((await put("later", "kept")).status).toBe(200);
    server.kill("SIGKILL");
    await server.exited;
    await start();
    for (const [key, content] of [
      ["abc123", "what Gradle made"],
      ["later", "kept"],
    ] as const) {
      const got = await fetch(at(key), { headers: { authorization: `Bearer ${token}` } });
      expect([got.status, await got.text()]).toEqual([200, content]);
    }
  });
});
