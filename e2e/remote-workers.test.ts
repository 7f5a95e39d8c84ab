// Workers on other machines, as the shipped command and as `sluice-worker` on Node: tasks and runs over TCP and WebSocket, workers that
// are killed, and a new version of the code that goes from one worker to the next.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stop } from "./cli-process.ts";
import { api, RemoteRig, until } from "./remote-rig.ts";
import type { RemoteWorkerProcess, Site } from "./remote-rig.ts";
import { writeProject } from "./server-process.ts";

const rig = new RemoteRig();
const { work } = rig;
afterAll(() => rig.close());

const code = (version: number): string => `
import { appendFileSync, existsSync } from "node:fs";
import { task, workflow } from "sluice";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export const square = task({ name: "square" }, (n: number) => n * n);
export const where = workflow({ name: "where" }, async (ctx, input: { log: string; gate?: string; id?: number }) => {
  const first = await ctx.step("first", () => {
    appendFileSync(input.log, "first " + (input.id ?? 0) + "\\n");
    return process.pid;
  });
  const squared = await ctx.task(square, 7);
  await ctx.step("gate", async () => {
    appendFileSync(input.log, "gate " + (input.id ?? 0) + " " + process.pid + "\\n");
    while (input.gate !== undefined && !existsSync(input.gate)) await wait(5);
  });
  await ctx.sleep(1);
  await ctx.step("last", () => appendFileSync(input.log, "last " + (input.id ?? 0) + "\\n"));
  return { version: ${version}, squared, first };
});
`;

interface Shown {
  readonly run: { readonly id: string; readonly status: string; readonly output: { readonly version: number } };
}

const projectOf = (version: number): string => join(work, `v${version}`);
beforeAll(() => {
  for (const version of [1, 2]) writeProject(projectOf(version), { "workflows/where.ts": code(version) });
});

async function begin(site: Site, input: object): Promise<string> {
  return until(async () => {
    try {
      return (await api<Shown>(site, "/api/v1/workflows/where/runs", { input })).run.id;
    } catch (error) {
      if (String(error).includes("workflow_not_found")) return undefined;
      throw error;
    }
  });
}

async function ended(site: Site, id: string): Promise<Shown["run"]> {
  return until(async () => {
    const { run: shown } = await api<Shown>(site, `/api/v1/runs/${id}?wait=10s`);
    return ["completed", "failed", "cancelled"].includes(shown.status) && shown;
  });
}

const linesOf = (log: string): string[] => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);

describe("workers on other machines", () => {
  test("execute runs and tasks for a server without code of its own, over TCP and WebSocket", async () => {
    const site = await rig.up("plain");
    for (const over of [undefined, `${site.url.replace("http", "ws")}/worker`]) {
      const id = over === undefined ? "tcp" : "ws";
      const one = await rig.worker(site, { id, project: projectOf(1), ...(over === undefined ? {} : { over }) });
      const run_ = await begin(site, { log: join(work, `plain-${id}.log`) });
      expect(await ended(site, run_)).toMatchObject({
        status: "completed",
        output: { version: 1, squared: 49, first: one.child.pid },
      });
      one.child.kill("SIGTERM");
      expect(await one.exited).toBe(0);
    }
    expect(await stop(site.running)).toBe(0);
  }, 60_000);

  test("that are killed have their runs go on elsewhere within a second", async () => {
    const site = await rig.up("killed");
    const first = await rig.worker(site, { id: "k1", project: projectOf(1) });
    const [log, gate] = [join(work, "killed.log"), join(work, "killed.gate")];
    const id = await begin(site, { log, gate });
    await until(() => linesOf(log).some((line) => line === `gate 0 ${first.child.pid}`));
    const second = await rig.worker(site, { id: "k2", project: projectOf(1) });
    first.child.kill("SIGKILL");
    await first.exited;
    const killedAt = performance.now();
    await until(() => linesOf(log).some((line) => line === `gate 0 ${second.child.pid}`));
    const tookMs = performance.now() - killedAt;
    console.log(`went on elsewhere after ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(1_000);
    appendFileSync(gate, "");
    expect(await ended(site, id)).toMatchObject({
      status: "completed",
      output: { squared: 49, first: first.child.pid },
    });
    expect(linesOf(log).filter((line) => line.startsWith("first"))).toHaveLength(1);
    second.child.kill("SIGKILL");
    expect(await stop(site.running)).toBe(0);
  }, 60_000);

  test("go from one version of the code to the next, one after the other and some killed, and lose and double nothing", async () => {
    const site = await rig.up("rolling");
    const log = join(work, "rolling.log");
    const old = await Promise.all([1, 2, 3].map((n) => rig.worker(site, { id: `r${n}`, project: projectOf(1) })));
    const ids: string[] = [];
    const starting = { on: true };
    const starts = (async () => {
      for (let id = 1; starting.on; id++) ids.push(await begin(site, { log, id }));
    })();
    await until(() => ids.length > 20);
    const fresh: RemoteWorkerProcess[] = [];
    for (const [index, each] of old.entries()) {
      const before = ids.length;
      each.child.kill(index === 1 ? "SIGTERM" : "SIGKILL");
      await each.exited;
      fresh.push(await rig.worker(site, { id: `r${index + 1}`, project: projectOf(2) }));
      await until(() => ids.length > before + 20);
    }
    starting.on = false;
    await starts;
    // Runs of the old version go on where that is: one worker of it comes back.
    const late = await rig.worker(site, { id: "late", project: projectOf(1) });
    const ends = await Promise.all(ids.map((id) => ended(site, id)));
    expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(["completed"]));
    expect(new Set(ends.map(({ output }) => output.version))).toEqual(new Set([1, 2]));
    expect(ends.at(-1)?.output.version).toBe(2);
    const lasts = linesOf(log).filter((line) => line.startsWith("last"));
    // A step that was cut off is made again; one that was journaled is not.
    expect(new Set(lasts).size).toBe(ids.length);
    for (const each of [...fresh, late]) each.child.kill("SIGTERM");
    expect(await Promise.all([...fresh, late].map(({ exited }) => exited))).toEqual([0, 0, 0, 0]);
    expect(await stop(site.running)).toBe(0);
  }, 120_000);
});
