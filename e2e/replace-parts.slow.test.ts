// `sluice up --replace`: one server takes the place of another, and what it does when that cannot be.
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logOf, readyLine, sluice, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { replaceUnderLoad } from "./replace-rig.suite.ts";
import { aTurn, token, writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-replacing-"));
const project = join(work, "project");
const env = { SLUICE_TOKEN: token };
const running: Running[] = [];

writeProject(project, {
  "workflows/job.ts": `
import { existsSync, writeFileSync } from "node:fs";
import { workflow } from "sluice";

export const quick = workflow({ name: "quick" }, async (ctx) => ctx.step("s", () => "done"));

export const gated = workflow({ name: "gated" }, async (ctx, input: { begun: string; gate: string }) => {
  await ctx.step("gate", async () => {
    writeFileSync(input.begun, String(process.pid));
    while (!existsSync(input.gate)) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  return await ctx.step("after", () => "through");
});

export const long = workflow({ name: "long" }, async (ctx) => {
  for (let i = 0; i < 100; i++) await ctx.step("step " + i, () => new Promise((resolve) => { setTimeout(resolve, 5); }));
});
`,
});
afterEach(() => {
  for (const each of running.splice(0)) each.kill("SIGKILL");
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

function up(data: string, ...args: string[]): Running {
  const all = ["up", "--project", project, "--data", join(work, data), "--port", "0", "--json", ...args];
  const started = startSluice(all, { env });
  running.push(started);
  return started;
}

async function api<T = { run: { id: string; status: string; output: unknown } }>(
  url: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: T }> {
  const response = await fetch(url + path, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as T };
}

async function untilFile(path: string): Promise<void> {
  while (!existsSync(path) || statSync(path).size === 0) await aTurn();
}

async function untilLogged(server: Running, message: string): Promise<void> {
  while (!server.stderr().includes(message)) await aTurn();
}

const errorOf = (text: string): { readonly code: string; readonly message: string } =>
  (JSON.parse(text) as { error: { code: string; message: string } }).error;

describe("without --replace", () => {
  test("a data folder that is in use is refused, and so is a port", async () => {
    const { url, port } = await readyLine(up("used"));
    const again = await sluice(["up", "--project", project, "--data", join(work, "used"), "--port", "0", "--json"]);
    expect({ exitCode: again.exitCode, ...errorOf(again.stdout) }).toMatchObject({
      exitCode: 1,
      code: "data_folder_locked",
    });
    const other = ["--data", join(work, "unused"), "--port", String(port), "--json"];
    const beside = await sluice(["up", "--project", project, ...other]);
    expect({ exitCode: beside.exitCode, ...errorOf(beside.stdout) }).toMatchObject({
      exitCode: 1,
      code: "port_in_use",
    });
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  }, 30_000);
});

describe("--replace", () => {
  test("starts a server where there is none, on a port that it shares with nobody", async () => {
    const { url, port } = await readyLine(up("none", "--replace"));
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    expect(() =>
      Bun.serve({ hostname: "127.0.0.1", port: Number(port), reusePort: true, fetch: () => new Response("") }),
    ).toThrow();
  }, 30_000);

  test("answers every request at 200 a second, and every run is executed once", async () => {
    await replaceUnderLoad({ times: 1, perSecond: 200 });
  }, 60_000);

  test("a stream of a run goes on where it ended, a socket is closed so that it comes back", async () => {
    const first = up("streams");
    const { url } = await readyLine(first);
    const { body } = await api(url, "/api/v1/workflows/long/runs", {});
    const live = new WebSocket(`${url.replace("http", "ws")}/api/v1/live`, {
      headers: { authorization: `Bearer ${token}` },
    } as unknown as string[]);
    const closed = new Promise<number>((resolve) => {
      live.addEventListener("close", ({ code }) => resolve(code));
    });
    const numbers: number[] = [];
    let second: Running | undefined;
    for (let ended = false; !ended;) {
      const response = await fetch(`${url}/api/v1/runs/${body.run.id}/events`, {
        headers: { authorization: `Bearer ${token}`, "last-event-id": String(numbers.at(-1) ?? 0) },
      });
      expect(response.status).toBe(200);
      const text = response.body?.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>;
      let rest = "";
      for await (const piece of text) {
        const events = (rest + piece).split("\n\n");
        rest = events.pop() ?? "";
        for (const event of events) {
          const id = /^id: (\d+)$/m.exec(event)?.[1];
          if (id !== undefined) numbers.push(Number(id));
          ended ||= /^event: end$/m.test(event);
        }
        if (numbers.length > 20) second ??= up("streams", "--replace");
      }
    }
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(await closed).toBe(1012);
    expect(await first.exited).toBe(0);
    const line = await readyLine(second as Running);
    expect(line.url).toBe(url);
    const file = JSON.parse(readFileSync(join(work, "streams/server.json"), "utf8")) as { pid: number };
    expect(file.pid).toBe((second as Running).pid);
    expect(await stop(second as Running)).toBe(0);
  }, 60_000);

  test("requests wait at the successor no longer than it takes to start: a long step is waited for before", async () => {
    const first = up("long-step");
    const { url } = await readyLine(first);
    const [begun, gate] = [join(work, "long-begun"), join(work, "long-gate")];
    const { body } = await api(url, "/api/v1/workflows/gated/runs", { input: { begun, gate } });
    await untilFile(begun);
    const second = up("long-step", "--replace");
    await untilLogged(first, "a successor asks for the place");
    // The step still runs: the first server answers, and takes runs that the second one will execute.
    const during = await api(url, "/api/v1/workflows/quick/runs", {});
    expect(during).toMatchObject({ status: 201, body: { run: { status: "queued" } } });
    writeFileSync(gate, "open");
    await readyLine(second);
    for (const run of [body.run.id, during.body.run.id]) {
      expect((await api(url, `/api/v1/runs/${run}?wait=20s`)).body.run.status).toBe("completed");
    }
    const steps = await api<{ steps: { name: string; attempt: number }[] }>(url, `/api/v1/runs/${body.run.id}/steps`);
    expect(steps.body.steps.map(({ name, attempt }) => [name, attempt])).toEqual([
      ["gate", 1],
      ["after", 1],
    ]);
    expect(await first.exited).toBe(0);
  }, 60_000);
});

describe("a successor", () => {
  test("whose code cannot be loaded leaves the server as it is", async () => {
    const broken = join(work, "broken");
    writeProject(broken, { "workflows/a.ts": 'throw new Error("not today");\n' });
    const first = up("kept");
    const { url } = await readyLine(first);
    const data = join(work, "kept");
    const ran = await sluice(["up", "--replace", "--project", broken, "--data", data, "--port", "0", "--json"]);
    expect({ exitCode: ran.exitCode, ...errorOf(ran.stdout) }).toMatchObject({ exitCode: 1, code: "code_failed" });
    expect(logOf(first)).not.toContainEqual(
      expect.objectContaining({ message: expect.stringContaining("a successor asks") }),
    );
    const { body } = await api(url, "/api/v1/workflows/quick/runs?wait=20s", {});
    expect(body.run.status).toBe("completed");
  }, 60_000);

  test("at another address is refused, and the server goes on", async () => {
    const first = up("addressed");
    const { url, port } = await readyLine(first);
    const data = join(work, "addressed");
    const elsewhere = ["--port", String(Number(port) + 1), "--json"];
    const ran = await sluice(["up", "--replace", "--project", project, "--data", data, ...elsewhere]);
    expect({ exitCode: ran.exitCode, ...errorOf(ran.stdout) }).toMatchObject({ exitCode: 2, code: "invalid_config" });
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  }, 60_000);

  test("that is killed while it waits for the place leaves a server that goes on", async () => {
    const first = up("abandoned");
    const { url } = await readyLine(first);
    const [begun, gate] = [join(work, "abandoned-begun"), join(work, "abandoned-gate")];
    const { body } = await api(url, "/api/v1/workflows/gated/runs", { input: { begun, gate } });
    await untilFile(begun);
    const second = up("abandoned", "--replace");
    await untilLogged(first, "a successor asks for the place");
    second.kill("SIGKILL");
    await second.exited;
    const during = await api(url, "/api/v1/workflows/quick/runs", {});
    writeFileSync(gate, "open");
    for (const run of [body.run.id, during.body.run.id]) {
      expect((await api(url, `/api/v1/runs/${run}?wait=20s`)).body.run.status).toBe("completed");
    }
    await untilLogged(first, "this server goes on");
    const third = up("abandoned", "--replace");
    expect((await readyLine(third)).url).toBe(url);
    expect(await first.exited).toBe(0);
  }, 60_000);
});
