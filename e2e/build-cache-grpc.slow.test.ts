// Bazel itself in front of our cache over gRPC: it builds twice from nothing, the second time all from the cache and byte for byte the
// same, and finds over HTTP what came over gRPC. This Bazel sends tokens over HTTP only: nobody has to show one here.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildClients } from "./build-clients.ts";
import { bazel } from "./build-cache-rig.ts";
import { killAll, startServer, token } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const root = mkdtempSync(join(tmpdir(), "sluice-build-grpc-"));
const clients = buildClients();
if (typeof clients === "string") console.log(`Bazel is not tried: ${clients}`);
const toolMsMax = 600_000;

describe("the cache over gRPC", () => {
  let server: ServerProcess;
  beforeAll(async () => {
    const project = join(import.meta.dir, "../examples/quickstart");
    server = await startServer({ project, data: join(root, "data"), args: ["--no-auth", "--cache-grpc-port", "0"] });
  }, 60_000);
  afterAll(async () => {
    await killAll(server);
    rmSync(root, { recursive: true, force: true });
  });

  test.skipIf(typeof clients === "string" || clients.bazel === undefined)(
    "has for Bazel all that it built before, byte for byte",
    async () => {
      if (typeof clients === "string") throw new Error(clients);
      const folder = join(root, "bazel");
      mkdirSync(folder);
      const tool = bazel({ folder, clients, token });
      const over = `grpc://127.0.0.1:${server.cacheGrpcPort}`;
      const first = await tool.run(over);
      expect([first.exitCode, first.output]).toEqual([0, expect.not.stringContaining("remote cache hit")]);
      const built = tool.built();
      expect(built).toBeDefined();
      for (const url of [over, server.url]) {
        await tool.wipe();
        expect(tool.built()).toBeUndefined();
        const again = await tool.run(url);
        expect([again.exitCode, again.output]).toEqual([0, expect.stringContaining("3 remote cache hit")]);
        expect(tool.built()).toBe(built);
      }
    },
    toolMsMax,
  );
});
