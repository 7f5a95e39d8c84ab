// The live stream over restarts of the server: a client that comes back with the number it saw last misses no step of a run and
// sees none twice, however the server ended.
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LiveMessage } from "@sluice/protocol";
import { call, killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const project = mkdtempSync(join(tmpdir(), "sluice-live-"));
const data = join(project, "data");
const steps = 300;
let server: ServerProcess | undefined;

writeProject(project, {
  "workflows/long.ts": `
import { workflow } from "sluice";

export const long = workflow({ name: "long" }, async (ctx) => {
  for (let i = 0; i < ${steps}; i++) {
    await ctx.step("step " + i, () => new Promise((resolve) => { setTimeout(resolve, 2); }));
  }
});

export const quick = workflow({ name: "quick" }, async () => "done");
`,
});
afterAll(async () => {
  if (server !== undefined) await killAll(server);
  rmSync(project, { recursive: true, force: true });
});

test("the program in docs/live.md hears of a run", async () => {
  server = await startServer({ project, data });
  const text = readFileSync(join(import.meta.dir, "../docs/live.md"), "utf8");
  const [, program = ""] = /```ts\n(.*?)```/s.exec(text) ?? [];
  const file = join(project, "listen.ts");
  writeFileSync(file, program);
  const env = { ...process.env, SLUICE_URL: server.url, SLUICE_TOKEN: token };
  const child = Bun.spawn([process.execPath, file], { env, stdout: "pipe", stderr: "inherit" });
  let said = "";
  let run = "";
  for await (const piece of child.stdout) {
    said += Buffer.from(piece).toString();
    if (run === "" && said.includes("listening\n")) {
      const started = await call<{ run: { id: string } }>(server, "POST /api/v1/workflows/quick/runs", {});
      run = started?.body.run.id ?? "";
    }
    if (run !== "" && said.includes(`${run} completed\n`)) child.kill();
  }
  expect(said).toContain(`${run} completed`);
  await killAll(server);
}, 30_000);

/** Follows a run from a number on until one is reached, the run ends, or the server is gone. */
async function follow(p: {
  readonly server: ServerProcess;
  readonly run: string;
  readonly after: number;
  readonly upTo: number;
}): Promise<{ readonly numbers: readonly number[]; readonly ended: boolean }> {
  const url = `${p.server.url.replace("http", "ws")}/api/v1/live`;
  // Bun's own extension: browsers send cookies instead.
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } } as unknown as string[]);
  const numbers: number[] = [];
  let ended = false;
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("close", () => resolve());
    socket.addEventListener("error", () => reject(new Error("the live stream could not be opened")));
    socket.addEventListener("message", (event) => {
      const message = JSON.parse(String(event.data)) as LiveMessage;
      if (message.type === "hello") {
        socket.send(JSON.stringify({ type: "subscribe", topic: `run:${p.run}`, after: p.after }));
      }
      if (message.type === "refused") reject(new Error(message.message));
      if (message.type !== "run") return;
      if (message.number > 0) numbers.push(message.number);
      ended = message.event === "end";
      if (ended || message.number >= p.upTo) resolve();
    });
  });
  socket.close();
  return { numbers, ended };
}

test("a run followed through a kill and a stop of the server is followed without a gap", async () => {
  server = await startServer({ project, data });
  const started = await call<{ run: { id: string } }>(server, "POST /api/v1/workflows/long/runs", {});
  const run = started?.body.run.id ?? "";
  const seen: number[] = [];
  const goOn = async (upTo: number): Promise<boolean> => {
    const { numbers, ended } = await follow({ server: server!, run, after: seen.at(-1) ?? 0, upTo });
    seen.push(...numbers);
    return ended;
  };
  expect(await goOn(60)).toBe(false);
  await killAll(server);
  server = await startServer({ project, data });
  expect(await goOn(140)).toBe(false);
  const last = goOn(Number.POSITIVE_INFINITY);
  server.process.kill("SIGTERM");
  expect([await last, await server.exited]).toEqual([false, 0]);
  server = await startServer({ project, data });
  expect(await goOn(Number.POSITIVE_INFINITY)).toBe(true);
  expect(seen).toEqual(Array.from({ length: steps }, (_, index) => index + 1));
}, 60_000);
