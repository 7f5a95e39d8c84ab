// Other build tools in front of our cache: each builds twice from nothing, the second time all from the cache and byte for byte the
// same; then again with everything that can be wrong with a server, and what it makes of that stands in the table of docs/cache.md.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildClients } from "./build-clients.ts";
import { bazel, ccache, faults, FaultyPath, moon, nx, turbo } from "./build-cache-rig.ts";
import type { ToolRun } from "./build-cache-rig.ts";
import { rowsOf } from "./docs/blocks.ts";
import { killAll, startServer, token } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const root = mkdtempSync(join(tmpdir(), "sluice-build-cache-"));
const clients = buildClients();
if (typeof clients === "string") console.log(`Other build tools are not tried: ${clients}`);
const tools = { turbo, nx, moon, bazel, ccache };
type Name = keyof typeof tools;
const toolMsMax = 900_000;

/** Why one is not tried here. */
function missing(name: Name): boolean {
  if (typeof clients === "string") return true;
  return (name === "bazel" && clients.bazel === undefined) || (name === "ccache" && clients.ccache === undefined);
}

let server: ServerProcess;
let path: FaultyPath;
beforeAll(async () => {
  server = await startServer({ project: join(import.meta.dir, "../examples/quickstart"), data: join(root, "data") });
  path = new FaultyPath(server.url);
}, 60_000);
afterAll(async () => {
  await path.stop();
  await killAll(server);
  rmSync(root, { recursive: true, force: true });
});

/** What a client makes of each fault, in the words of the table. */
async function matrix(tool: ToolRun, built: string): Promise<readonly string[]> {
  const words: string[] = [];
  for (const fault of faults) {
    path.fault = fault;
    const ran = await tool.run(path.url);
    // A build that goes on is worth nothing if it is another one.
    words.push(
      ran.timedOut
        ? "waits"
        : ran.exitCode !== 0
          ? "fails"
          : tool.built() === built
            ? "builds"
            : "builds something else",
    );
    console.log(tool.name, fault, words.at(-1), Math.round(ran.elapsedMs), ran.output.slice(-800));
    await tool.wipe();
  }
  path.fault = undefined;
  return words;
}

describe.each(Object.keys(tools) as Name[])("%s", (name) => {
  test.skipIf(missing(name))(
    "finds all that it built before, byte for byte, and does with faults what the table says",
    async () => {
      if (typeof clients === "string") throw new Error(clients);
      const folder = join(root, name);
      mkdirSync(folder);
      const tool = tools[name]({ folder, clients, token });
      const first = await tool.run(path.url);
      expect([first.exitCode, first.output]).toEqual([0, expect.any(String)]);
      const built = tool.built();
      expect(built).toBeDefined();
      await tool.wipe();
      expect(tool.built()).toBeUndefined();
      path.seen = [];
      const second = await tool.run(path.url);
      expect(second.exitCode).toBe(0);
      expect(tool.built()).toBe(built);
      // Nothing was built: nothing is sent, and whatever is asked for is there.
      const asked = path.seen.filter((each) => each.method === "GET" && !each.path.endsWith("/status"));
      expect(path.seen.filter(({ method }) => method === "PUT")).toEqual([]);
      expect(asked.filter(({ status }) => status !== 200)).toEqual([]);
      expect(asked.length).toBeGreaterThanOrEqual(3);
      await tool.wipe();
      const page = readFileSync(join(import.meta.dir, "../docs/cache.md"), "utf8");
      const row = rowsOf(page).find(([about, , , , , , , last]) => about === tool.name && last !== undefined);
      expect([tool.name, ...(await matrix(tool, built ?? ""))]).toEqual([...(row ?? [])]);
      // All of it is still there: no fault has spoilt what was kept.
      path.seen = [];
      expect((await tool.run(path.url)).exitCode).toBe(0);
      expect([tool.built(), path.seen.filter(({ method }) => method === "PUT")]).toEqual([built, []]);
      await tool.wipe();
    },
    toolMsMax,
  );
});
