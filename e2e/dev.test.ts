// `sluice dev`: a saved file is live, runs in flight stay correct, and a broken file keeps the last good version serving.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readyLine, sluice, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-dev-"));
const liveMsMax = 200;
let count = 0;
let project: string;
let dev: Running;
let url: string;

interface RunView {
  readonly id: string;
  readonly status: string;
  readonly statusReason: string | null;
  readonly version: string;
  readonly output: unknown;
  readonly error: { readonly message: string } | null;
}

const answer = (lib: string): Readonly<Record<string, string>> => ({
  "lib/answer.ts": `export const answer = ${lib};\n`,
});
const workflows = {
  "workflows/a.ts": `import { workflow } from "sluice";
import { answer } from "../lib/answer.ts";

export const quick = workflow({ name: "quick" }, async (ctx) => ctx.step("answer", () => answer));

export const waits = workflow({ name: "waits" }, async (ctx) => {
  const before = await ctx.step("before", () => answer);
  await ctx.waitFor("go");
  return [before, await ctx.step("after", () => answer)];
});
`,
};

beforeEach(() => {
  project = join(work, `project-${++count}`);
});
afterEach(async () => void (await stop(dev)));
afterAll(() => rmSync(work, { recursive: true, force: true }));

async function start(files: Readonly<Record<string, string>>): Promise<void> {
  writeProject(project, files);
  dev = startSluice(["dev", "--project", project, "--port", "0", "--json", "--no-auth"]);
  ({ url } = await readyLine(dev));
}

async function json<T>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(url + path, {
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  return (await response.json()) as T;
}

async function runOf(workflow: string): Promise<RunView> {
  return (await json<{ run: RunView }>(`/api/v1/workflows/${workflow}/runs?wait=20s`, {})).run;
}

interface Deployments {
  readonly current: { readonly version: string; readonly error: { readonly message: string } | null };
  readonly workers: readonly { readonly version: string }[];
}

const deployments = (): Promise<Deployments> => json("/api/v1/deployments");

async function untilDeployment(is: (deployed: Deployments) => boolean): Promise<Deployments> {
  for (;;) {
    const deployed = await deployments();
    if (is(deployed)) return deployed;
  }
}

describe("a saved file", () => {
  test("is live soon: a workflow, what it imports, and a new one", async () => {
    await start({ ...workflows, ...answer("1") });
    expect((await runOf("quick")).output).toBe(1);
    const took: number[] = [];
    const live = async (files: Readonly<Record<string, string>>): Promise<void> => {
      const { current } = await deployments();
      const savedAt = performance.now();
      writeProject(project, files);
      await untilDeployment((deployed) => deployed.current.version !== current.version);
      took.push(performance.now() - savedAt);
    };
    const median = (what: string): number => {
      console.log(`${what} is live after ${took.map((ms) => Math.round(ms)).join(", ")} ms`);
      return took.splice(0).toSorted((a, b) => a - b)[2] ?? Number.POSITIVE_INFINITY;
    };
    for (let n = 2; n < 7; n++) {
      await live(answer(String(n)));
      expect((await runOf("quick")).output).toBe(n);
    }
    expect(median("an imported file")).toBeLessThan(liveMsMax);
    for (let n = 2; n < 7; n++) {
      await live({
        "workflows/b.ts": `import { workflow } from "sluice";\nexport const b = workflow({ name: "b" }, async () => ${n});\n`,
      });
      expect((await runOf("b")).output).toBe(n);
    }
    expect(median("a workflow file")).toBeLessThan(liveMsMax);
  }, 30_000);

  test("moves runs in flight: what is in their journal stays, what comes is new, and the old worker goes", async () => {
    await start({ ...workflows, ...answer('"old"') });
    const { run } = await json<{ run: RunView }>("/api/v1/workflows/waits/runs", {});
    while ((await json<{ run: RunView }>(`/api/v1/runs/${run.id}`)).run.status !== "waiting");
    writeProject(project, answer('"new"'));
    const { current } = await untilDeployment((deployed) => deployed.current.version !== run.version);
    await untilDeployment(({ workers }) => workers.every((worker) => worker.version === current.version));
    await json("/api/v1/events", { name: "go" });
    const ended = (await json<{ run: RunView }>(`/api/v1/runs/${run.id}?wait=20s`)).run;
    expect(ended).toMatchObject({ status: "completed", output: ["old", "new"], version: current.version });
  }, 30_000);

  test("that does not follow a run's journal holds the run with the difference, until it does again", async () => {
    await start({ ...workflows, ...answer("1") });
    const { run } = await json<{ run: RunView }>("/api/v1/workflows/waits/runs", {});
    while ((await json<{ run: RunView }>(`/api/v1/runs/${run.id}`)).run.status !== "waiting");
    writeProject(project, { "workflows/a.ts": workflows["workflows/a.ts"].replace('"before"', '"renamed"') });
    const is = async (reason: string | null): Promise<RunView> => {
      for (;;) {
        const shown = (await json<{ run: RunView }>(`/api/v1/runs/${run.id}`)).run;
        if (shown.statusReason === reason) return shown;
      }
    };
    expect((await is("replay_check_failed")).error?.message).toContain('"before"');
    writeProject(project, workflows);
    await is("waiting_for_event");
    await json("/api/v1/events", { name: "go" });
    expect((await json<{ run: RunView }>(`/api/v1/runs/${run.id}?wait=20s`)).run).toMatchObject({
      status: "completed",
      output: [1, 1],
    });
  }, 30_000);
});

describe("a broken file", () => {
  test.each([
    ["does not parse", { "lib/answer.ts": "export const answer = ;\n" }, "lib/answer.ts:1:23: Unexpected ;"],
    [
      "throws while it is loaded",
      { "lib/answer.ts": 'throw new Error("not today");\nexport const answer = 0;\n' },
      "lib/answer.ts:1:11: not today",
    ],
    [
      "has a schedule that makes no sense",
      {
        "workflows/c.ts":
          'import { schedule, workflow } from "sluice";\nexport const c = workflow({ name: "c", triggers: [schedule("61 * * * *")] }, async () => 1);\n',
      },
      "61 * * * *",
    ],
    [
      "has the webhook of another workflow",
      {
        "workflows/c.ts":
          'import { webhook, workflow } from "sluice";\nconst triggers = [webhook("/in")];\nexport const c = workflow({ name: "c", triggers }, async () => 1);\nexport const d = workflow({ name: "d", triggers }, async () => 1);\n',
      },
      "The workflows c and d have the same webhook: POST /hooks/in.",
    ],
  ])(
    "that %s keeps the last good version serving, and is shown on the API and in the terminal",
    async (_what, files, message) => {
      await start({ ...workflows, ...answer("1") });
      const before = await deployments();
      writeProject(project, files);
      const { current } = await untilDeployment((deployed) => deployed.current.error !== null);
      expect(current.version).toBe(before.current.version);
      expect(current.error?.message).toContain(message);
      expect(dev.stderr()).toContain(message.replaceAll('"', String.raw`\"`));
      expect((await runOf("quick")).output).toBe(1);
      writeProject(project, { ...answer("2"), "workflows/c.ts": "" });
      await untilDeployment((deployed) => deployed.current.error === null);
      expect((await runOf("quick")).output).toBe(2);
    },
    30_000,
  );

  test("at the start: what was deployed last serves, and /ready says so", async () => {
    await start({ ...workflows, ...answer("1") });
    expect(await stop(dev)).toBe(0);
    await start({ ...workflows, ...answer(";") });
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    expect((await deployments()).current.error?.message).toContain("lib/answer.ts");
    expect((await runOf("quick")).output).toBe(1);
    writeProject(project, answer("3"));
    await untilDeployment((deployed) => deployed.current.error === null);
    expect((await runOf("quick")).output).toBe(3);
  }, 30_000);

  test("at the very first start: not ready, with the reason, until it is mended", async () => {
    await start({ ...workflows, ...answer(";") });
    const refused = await fetch(`${url}/ready`);
    expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining("lib/answer.ts:1:23")]);
    writeProject(project, answer("1"));
    while ((await fetch(`${url}/ready`)).status !== 200);
    expect((await runOf("quick")).output).toBe(1);
  }, 30_000);
});

test("says on the terminal that a change is live, or why not", async () => {
  writeProject(project, { ...workflows, ...answer("1") });
  dev = startSluice(["dev", "--project", project, "--port", "0", "--no-auth"]);
  const welcome = await dev.until((stdout) => stdout.includes("Ctrl-C"));
  expect(welcome).toMatch(/^Sluice \S+ is ready at http:\S+ \(\d+ ms\)\nWorkflows: quick, waits\n/);
  writeProject(project, answer(";"));
  await dev.until((stdout) => stdout.includes("Not deployed:\nlib/answer.ts:1:23: Unexpected ;"));
  writeProject(project, answer("2"));
  await dev.until((stdout) => /Live after \d+ ms\./.test(stdout));
  expect(existsSync(join(project, ".sluice/state.db"))).toBe(true);
  const ran = await sluice(["run", "quick", "--wait", "--json"], { cwd: project });
  expect(JSON.parse(ran.stdout)).toMatchObject({ run: { output: 2 } });
}, 30_000);
