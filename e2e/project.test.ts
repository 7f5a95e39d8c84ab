// A project is a folder: which workflows it holds, and what becomes of runs when its code changes between two starts of `up`.
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sluice } from "./cli-process.ts";
import { aTurn, call, killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-project-"));
let server: ServerProcess | undefined;
let count = 0;

afterEach(async () => {
  if (server !== undefined) await killAll(server);
  server = undefined;
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface RunView {
  readonly id: string;
  readonly status: string;
  readonly version: string;
  readonly output: unknown;
  readonly error: { readonly message: string } | null;
  readonly attempt: number;
}
interface Deployments {
  readonly current: { readonly version: string };
  readonly workers: readonly { readonly version: string; readonly process: { readonly pid: number } | null }[];
}

async function ask<T>(what: string, body?: unknown): Promise<T> {
  if (server === undefined) throw new Error("no server runs");
  const answer = await call<T>(server, what, body);
  if (answer === undefined) throw new Error(`no answer to ${what}: ${server.stderr()}`);
  return answer.body;
}

const start = async (workflow: string, id: string): Promise<RunView> =>
  (await ask<{ run: RunView }>(`POST /api/v1/workflows/${workflow}/runs`, { id })).run;

async function until(id: string, is: (run: RunView) => boolean): Promise<RunView> {
  for (;;) {
    const { run } = await ask<{ run: RunView }>(`GET /api/v1/runs/${id}`);
    if (is(run)) return run;
    await aTurn();
  }
}

const ended = async (id: string): Promise<RunView> =>
  (await ask<{ run: RunView }>(`GET /api/v1/runs/${id}?wait=20s`)).run;

interface Place {
  readonly project: string;
  readonly data: string;
}

function place(): Place {
  const folder = join(work, String(++count));
  return { project: join(folder, "project"), data: join(folder, "data") };
}

/** Starts `up` over a project with this file, after what ran before was killed. */
async function up(at: Place, text: string): Promise<string> {
  if (server !== undefined) await killAll(server);
  writeProject(at.project, { "workflows/a.ts": `import { workflow } from "sluice";\n${text}` });
  server = await startServer(at);
  return (await ask<Deployments>("GET /api/v1/deployments")).current.version;
}

describe("a project", () => {
  test("has every exported workflow of every file below workflows, whatever the export is called, without a config or packages", async () => {
    const at = place();
    writeProject(at.project, {
      "workflows/deep/er/two.ts": `import { workflow } from "sluice";
export const one = workflow({ name: "deep-one" }, async () => 1);
export { other as another };
const other = workflow({ name: "deep-two" }, async () => 2);
export default workflow({ name: "deep-default" }, async () => 3);
export const notOne = { name: "no-workflow" };
const hidden = workflow({ name: "not-exported" }, async () => 4);
export const uses = hidden.name;
`,
      "lib/helper.ts": `import { workflow } from "sluice";
export const outside = workflow({ name: "outside" }, async () => 5);
`,
    });
    await up(at, 'export { outside as inside } from "../lib/helper.ts";\n');
    const { workflows } = await ask<{ workflows: { name: string }[] }>("GET /api/v1/workflows");
    const names = workflows.map(({ name }) => name);
    expect(names.toSorted()).toEqual(["deep-default", "deep-one", "deep-two", "outside"]);
    expect(existsSync(join(at.project, "node_modules"))).toBe(false);
    expect(existsSync(join(at.project, "sluice.config.ts"))).toBe(false);
    await start("deep-default", "by-default");
    expect((await ended("by-default")).output).toBe(3);
  });
});

describe("versions", () => {
  const twice = (version: number, first: string): string => `
export const order = workflow({ name: "order" }, async (ctx) => {
  const pid = await ctx.step("${first}", () => process.pid);
  await ctx.waitFor("go");
  await ctx.waitFor("end");
  return [${version}, pid];
});
`;

  test("under up a run finishes on the code that started it, kept as a blob named by its hash, in a child of its own", async () => {
    const at = place();
    const one = await up(at, twice(1, "before"));
    expect((await start("order", "old")).version).toBe(one);
    await until("old", ({ status }) => status === "waiting");
    const blob = readFileSync(join(at.data, "blobs", one.slice(0, 2), one.slice(2)));
    expect(createHash("sha256").update(blob).digest("hex")).toBe(one);
    expect(blob.toString()).toContain('name: "order"');

    const two = await up(at, twice(2, "renamed"));
    expect(two).not.toBe(one);
    // The blob is what counts: the file that a worker loads is made from it.
    rmSync(join(at.data, "code", `${one}.js`), { force: true });
    await start("order", "new");
    await until("new", ({ status }) => status === "waiting");
    await ask("POST /api/v1/events", { name: "go" });
    let { workers } = await ask<Deployments>("GET /api/v1/deployments");
    while (workers.length < 2) ({ workers } = await ask<Deployments>("GET /api/v1/deployments"));
    expect(workers.map(({ version }) => version).toSorted()).toEqual([one, two].toSorted());
    expect(new Set(workers.map((worker) => worker.process?.pid)).size).toBe(2);
    await ask("POST /api/v1/events", { name: "end" });
    expect(await ended("old")).toMatchObject({ status: "completed", version: one, output: [1, expect.any(Number)] });
    expect(await ended("new")).toMatchObject({ status: "completed", version: two, output: [2, expect.any(Number)] });
  }, 30_000);

  test("retry takes the current code unless --code pinned asks for the old, and is refused with the difference", async () => {
    const code = (body: string): string => `
const fails = () => { throw new Error("broken"); };
export const order = workflow({ name: "order" }, async (ctx) => {
  ${body}
});
`;
    const at = place();
    const one = await up(at, code('await ctx.step("charge", () => 1);\n  return await ctx.step("ship", fails);'));
    await start("order", "o-1");
    expect(await ended("o-1")).toMatchObject({ status: "failed", error: { message: "broken" } });
    const retry = (...args: string[]) =>
      sluice(["runs", "retry", "o-1", ...args], { env: { SLUICE_URL: server?.url ?? "", SLUICE_TOKEN: token } });

    await up(at, code('await ctx.step("bill", () => 1);\n  return await ctx.step("ship", () => "sent");'));
    const refused = await retry();
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('step "charge"');
    expect(refused.stderr).toContain('step "bill"');
    const { error } = JSON.parse((await retry("--json", "--code", "current")).stdout) as { error: object };
    expect(error).toMatchObject({
      code: "replay_mismatch",
      details: { step: 0, recorded: 'step "charge"', asked: 'step "bill"' },
    });
    expect(await ended("o-1")).toMatchObject({ status: "failed", version: one, attempt: 1 });

    expect((await retry("--code", "pinned")).exitCode).toBe(0);
    expect(await ended("o-1")).toMatchObject({ status: "failed", version: one, attempt: 2 });

    const three = await up(
      at,
      code('await ctx.step("charge", () => 1);\n  return await ctx.step("ship", () => "sent");'),
    );
    expect((await retry()).exitCode).toBe(0);
    expect(await ended("o-1")).toMatchObject({ status: "completed", version: three, output: "sent" });
  }, 30_000);
});
