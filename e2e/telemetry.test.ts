// Traces and metrics through the shipped command: a server with an endpoint exports, also what is left when it is stopped.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandsIn, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-telemetry-"));
const project = join(work, "project");
const { json } = commandsIn(project);
const received: { readonly path: string; readonly key: string | null; readonly text: string }[] = [];
const collector = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const { pathname } = new URL(request.url);
    received.push({ path: pathname, key: request.headers.get("x-key"), text: await request.text() });
    return Response.json({});
  },
});
let server: Running;

beforeAll(async () => {
  mkdirSync(project, { recursive: true });
  const code = `
import { workflow } from "sluice";
export const traced = workflow({ name: "traced" }, async (ctx) =>
  ctx.step("look", (step) => [step.traceparent ?? null, process.env["SLUICE_TELEMETRY_HEADERS"] ?? null]));
`;
  writeProject(project, { "workflows/traced.ts": code });
  const endpoint = ["--telemetry-endpoint", `http://127.0.0.1:${collector.port}`];
  server = startSluice(["up", "--project", project, "--port", "0", "--json", ...endpoint], {
    env: { SLUICE_TELEMETRY_HEADERS: "x-key=k1" },
  });
  await readyLine(server);
});
afterAll(async () => {
  await collector.stop(true);
  rmSync(work, { recursive: true, force: true });
});

test("a run is exported with its steps, whose calls are in its trace, and the workers do not see the key", async () => {
  const { run } = (await json("run", "traced", "--wait")) as { run: { id: string; output: [string, null] } };
  const [traceparent, key] = run.output;
  expect(key).toBeNull();
  await stop(server);
  const traces = received.filter(({ path }) => path === "/v1/traces").map(({ text }) => text);
  const [, traceId = "", spanId = ""] = traceparent.split("-");
  expect(traces.join("")).toContain(`"traceId":"${traceId}","spanId":"${spanId}"`);
  expect(traces.join("")).toContain(run.id);
  expect(received.some(({ path }) => path === "/v1/metrics")).toBe(true);
  expect(new Set(received.map((each) => each.key))).toEqual(new Set(["k1"]));
});
