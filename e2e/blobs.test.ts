// Blobs over HTTP with the shipped command: streamed both ways, a server that is killed in the middle, a disk that is full.
import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aTurn, killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-blobs-e2e-"));
const started: ServerProcess[] = [];
afterAll(async () => {
  for (const server of started) await killAll(server);
  if (mounted) spawnSync("umount", ["-l", disk]);
  rmSync(folder, { recursive: true, force: true });
});

const project = join(folder, "project");
writeProject(project, { "package.json": "{}" });
const authorization = `Bearer ${token}`;
const mb = 1024 * 1024;

async function up(data: string): Promise<ServerProcess> {
  const server = await startServer({ project, data });
  started.push(server);
  return server;
}

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const put = (
  server: ServerProcess,
  digest: string,
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
): Promise<Response> =>
  fetch(`${server.url}/api/v1/blobs/${digest}`, { method: "PUT", headers: { authorization }, body });
const get = (server: ServerProcess, digest: string): Promise<Response> =>
  fetch(`${server.url}/api/v1/blobs/${digest}`, { headers: { authorization } });

/** Bytes of a process in memory, as far as they are its own. */
function memoryOf(server: ServerProcess): number {
  const [, kb = "0"] = /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${server.process.pid}/status`, "utf8")) ?? [];
  return Number(kb) * 1024;
}

const parts = (data: string): readonly string[] => {
  const path = join(data, "blobs/parts");
  return existsSync(path) ? readdirSync(path) : [];
};

describe("blobs over HTTP", () => {
  test("a large one is streamed both ways without being in memory, and is what it was", async () => {
    const server = await up(join(folder, "large"));
    const piece = randomBytes(mb);
    const pieces = 200;
    const sum = createHash("sha256");
    for (let i = 0; i < pieces; i++) sum.update(piece);
    const digest = sum.digest("hex");
    const before = memoryOf(server);
    let sent = 0;
    let most = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (sent++ === pieces) controller.close();
          else controller.enqueue(piece);
          most = Math.max(most, memoryOf(server));
        },
      },
      { highWaterMark: 0 },
    );
    expect((await put(server, digest, body)).status).toBe(201);
    const answer = await get(server, digest);
    expect([answer.status, answer.headers.get("content-length")]).toEqual([200, String(pieces * mb)]);
    const back = createHash("sha256");
    for await (const chunk of answer.body as ReadableStream<Uint8Array>) {
      back.update(chunk);
      most = Math.max(most, memoryOf(server));
    }
    expect(back.digest("hex")).toBe(digest);
    expect(most - before).toBeLessThan((pieces * mb) / 2);
    const head = await fetch(`${server.url}/api/v1/blobs/${digest}`, { method: "HEAD", headers: { authorization } });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(pieces * mb)]);
    const headers = { authorization, range: `bytes=${mb}-${mb + 9}` };
    const range = await fetch(`${server.url}/api/v1/blobs/${digest}`, { headers });
    expect([range.status, range.headers.get("content-range")]).toEqual([206, `bytes ${mb}-${mb + 9}/${pieces * mb}`]);
    expect(new Uint8Array(await range.arrayBuffer())).toEqual(new Uint8Array(piece.subarray(0, 10)));
  }, 120_000);

  test("kill -9 in the middle leaves nothing, and what was acknowledged is there", async () => {
    const data = join(folder, "killed");
    let server = await up(data);
    const whole = randomBytes(mb);
    expect((await put(server, digestOf(whole), whole)).status).toBe(201);
    const half = randomBytes(mb);
    const { hostname, port } = new URL(server.url);
    const path = `/api/v1/blobs/${digestOf(half)}`;
    const sending = request({ hostname, port, path, method: "PUT", headers: { authorization, "content-length": mb } });
    sending.on("error", () => undefined);
    sending.write(half.subarray(0, mb / 2));
    while (!parts(data).some((name) => statSync(join(data, "blobs/parts", name)).size >= mb / 4)) await aTurn();
    await killAll(server);
    sending.destroy();
    expect(parts(data)).toHaveLength(1);
    server = await up(data);
    expect(parts(data)).toEqual([]);
    expect((await get(server, digestOf(half))).status).toBe(404);
    expect(digestOf(new Uint8Array(await (await get(server, digestOf(whole))).arrayBuffer()))).toBe(digestOf(whole));
    expect((await put(server, digestOf(half), half)).status).toBe(201);
    expect((await get(server, digestOf(half))).status).toBe(200);
  }, 60_000);
});

const disk = join(folder, "disk");
mkdirSync(disk);
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${24 * mb}`, "tmpfs", disk]).status === 0;

describe.skipIf(!mounted)("a full disk (needs the right to mount a tmpfs: run as root)", () => {
  test("refuses a blob with 503 and a reason, loses none, and takes it when there is room again", async () => {
    const server = await up(join(disk, "data"));
    const small = randomBytes(mb);
    expect((await put(server, digestOf(small), small)).status).toBe(201);
    writeFileSync(join(disk, "filler"), new Uint8Array(12 * mb));
    const large = randomBytes(16 * mb);
    const refused = await put(server, digestOf(large), large);
    expect([refused.status, await refused.json()]).toEqual([
      503,
      { error: expect.objectContaining({ code: "disk_full", message: expect.stringContaining("full") }) },
    ]);
    expect(parts(join(disk, "data"))).toEqual([]);
    expect((await get(server, digestOf(large))).status).toBe(404);
    expect((await get(server, digestOf(small))).status).toBe(200);
    rmSync(join(disk, "filler"));
    expect((await put(server, digestOf(large), large)).status).toBe(201);
    expect(digestOf(new Uint8Array(await (await get(server, digestOf(large))).arrayBuffer()))).toBe(digestOf(large));
  }, 60_000);
});
