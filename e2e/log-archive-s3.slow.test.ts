// Archives in stores that speak S3: what is archived is searched where it stands, by ranges; what cannot be put there stays.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandsIn, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { buildGateway, startGateway } from "./s3-gateway.suite.ts";
import { writeProject } from "./server-process.ts";
import { installPeers, peersInstallMs, startS3 } from "./service-peers.suite.ts";
import type { PeerServer } from "./service-peers.suite.ts";

const bucket = "shop-logs";
const access = { access: "S3RVER", secret: "S3RVER" };
// Bun's tests have to know at once what is skipped.
const stores = [
  { name: "versitygw", refusal: buildGateway(), start: () => startGateway({ bucket, ...access }) },
  { name: "s3rver", refusal: installPeers(), start: () => startS3(bucket) },
];
for (const { name, refusal } of stores) if (refusal !== undefined) console.warn(`skipped: no ${name}: ${refusal}`);

describe.each(stores.filter(({ refusal }) => refusal === undefined))("an archive in $name", ({ start }) => {
  const work = mkdtempSync(join(tmpdir(), "sluice-archive-s3-"));
  const project = join(work, "shop");
  const { run, json, text, fails } = commandsIn(project);
  let peer: PeerServer;
  let server: Running | undefined;
  let isGone = false;
  beforeAll(async () => {
    peer = await start();
    writeProject(project, { "workflows/none.ts": "export {};\n" });
    server = await begin();
  }, peersInstallMs);
  afterAll(async () => {
    if (server !== undefined) await stop(server);
    if (!isGone) await peer[Symbol.asyncDispose]();
    rmSync(work, { recursive: true, force: true });
  });

  async function begin(): Promise<Running> {
    const at = `s3://${bucket}/a/b?endpoint=${encodeURIComponent(peer.url)}`;
    const env = { S3_ACCESS_KEY_ID: access.access, S3_SECRET_ACCESS_KEY: access.secret };
    const started = startSluice(["up", "--project", project, "--port", "0", "--json", "--logs-archive", at], { env });
    await readyLine(started);
    return started;
  }

  async function ship(day: string, lines: number): Promise<void> {
    const file = join(work, `${day}.log`);
    const all = Array.from({ length: lines }, (_, n) =>
      JSON.stringify({ message: `${day} line ${n}`, time: `${day}T00:00:00Z` }),
    );
    writeFileSync(file, all.join("\n"));
    expect(await json("logs", "ship", file)).toMatchObject({ entries: lines });
  }

  const count = async (query: string): Promise<unknown> =>
    (await json("logs", "query", `${query} | stats count() as n`)).rows;

  test("is searched, rewritten, verified and brought back, also after the server was killed", async () => {
    await ship("2026-01-02", 500);
    await ship("2026-01-03", 3);
    expect((await json("logs", "archive", "--before", "2026-01-04")).days).toMatchObject([
      { entries: 500 },
      { entries: 3 },
    ]);
    expect(existsSync(join(project, ".sluice/logs/2026-01-02.db"))).toBe(false);
    server?.kill("SIGKILL");
    await server?.exited;
    server = await begin();
    expect(await count('"2026-01-02 line 77"')).toEqual([[1]]);
    expect(await count("line")).toEqual([[503]]);
    await text("logs", "delete", '"2026-01-02 line 77"', "--yes");
    expect(await count("line")).toEqual([[502]]);
    expect(await json("logs", "verify")).toMatchObject({ days: 2, faults: [] });
    expect(await json("logs", "restore", "2026-01-03")).toEqual({ entries: 3 });
    expect(await count("line")).toEqual([[502]]);
  }, 120_000);

  test("that is gone is said to be, and what should go there stays", async () => {
    await ship("2026-01-05", 4);
    isGone = true;
    await peer[Symbol.asyncDispose]();
    expect(await fails("logs", "archive", "--before", "2026-01-06")).toMatchObject({ code: 1 });
    expect(existsSync(join(project, ".sluice/logs/2026-01-05.db"))).toBe(true);
    const { stdout, stderr } = await run(["logs", "query", "line | stats count() as n", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ rows: [[7]] });
    expect(stderr).toContain("A piece of 2026-01-02/");
  }, 120_000);
});
