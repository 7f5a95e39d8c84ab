// The commands that work with runs, against a running server: what they print, as JSON and for people, and how they end.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandsIn, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-cli-"));
const project = join(work, "shop");
let server: Running;

beforeAll(async () => {
  writeProject(project, {
    "workflows/shop.ts": `
import { schedule, workflow } from "sluice";

export const double = workflow({ name: "double" }, async (ctx, n: number) => {
  ctx.log("doubling", { n });
  return await ctx.step("double", () => {
    if (typeof n !== "number") throw new TypeError("a number is needed, not " + String(n));
    return n * 2;
  });
});

export const ask = workflow({ name: "ask" }, async (ctx) => {
  const { reason } = await ctx.approve("boss", { description: "May I?", data: { a: 1 } });
  return reason ?? "no reason";
});

export const large = workflow({ name: "large" }, async (ctx, n: number) =>
  (await ctx.step("make", () => "x".repeat(n))).length);

export const wait = workflow({ name: "wait" }, async (ctx) => await ctx.waitFor("paid", { key: "o-17" }));

export const report = workflow({ name: "report", triggers: [schedule("0 2 * * *", { input: 1 })] }, async () => "reported");
`,
  });
  server = startSluice(["up", "--project", project, "--port", "0", "--json"]);
  await readyLine(server);
});

afterAll(async () => {
  await stop(server);
  rmSync(work, { recursive: true, force: true });
});

const { run, json, text, fails } = commandsIn(project);

describe("run", () => {
  test("starts, and with --wait tells the result", async () => {
    const started = await json(
      "run",
      "double",
      "--input",
      "4",
      "--tag",
      "a",
      "--tag",
      "b",
      "--priority",
      "3",
      "--id",
      "run-by-hand",
      "--key",
      "k-1",
    );
    expect(started).toMatchObject({
      created: true,
      run: { id: "run-by-hand", workflow: "double", tags: ["a", "b"], priority: 3, idempotencyKey: "k-1" },
    });
    expect(await json("run", "double", "--input", "4", "--key", "k-1", "--wait")).toMatchObject({
      created: false,
      run: { id: "run-by-hand", status: "completed", output: 8 },
    });
    expect(await text("run", "double", "--input", "21", "--wait")).toContain("output 42");
  });

  test("takes input from a file and from standard input", async () => {
    writeFileSync(join(work, "input.json"), "5");
    expect(await json("run", "double", "--input", `@${join(work, "input.json")}`, "--wait")).toMatchObject({
      run: { output: 10 },
    });
    const piped = await run(["run", "double", "--input", "-", "--wait", "--json"], { stdin: "6" });
    expect(JSON.parse(piped.stdout)).toMatchObject({ run: { output: 12 } });
  });

  test("with --watch shows the steps, line by line where there is no terminal", async () => {
    const lines = (await text("run", "double", "--input", "2", "--watch")).split("\n");
    expect(lines).toContain("step double completed");
    expect(lines).toContain("run completed");
    expect(lines.at(-2)).toContain("output 4");
    const events = (await run(["run", "double", "--input", "2", "--watch", "--json"])).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type?: string });
    expect(events.some((event) => event.type === "step")).toBe(true);
  });

  test("exits 1 when the run fails, and its error is on the screen", async () => {
    const ran = await run(["run", "double", "--input", '"x"', "--wait"]);
    expect([ran.exitCode, ran.stderr]).toEqual([1, ""]);
    expect(ran.stdout).toContain("failed (error)");
    expect(ran.stdout).toContain("a number is needed");
    const shown = await run(["run", "double", "--input", '"x"', "--wait", "--json"]);
    expect([shown.exitCode, JSON.parse(shown.stdout).run.status]).toEqual([1, "failed"]);
  });

  test("shows what a run says of itself, and does nothing that it says to the terminal", async () => {
    const ran = await run(["run", "double", "--input", '"\\u001b]0;owned\\u0007\\u202e"', "--watch"]);
    expect(ran.stdout).toContain("not \\u001b]0;owned\\u0007\\u202e");
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    expect(ran.stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  test("tells what is wrong with what it was given", async () => {
    expect(await fails("run", "double", "--input", "{x}")).toMatchObject({ code: 2, error: { code: "bad_request" } });
    expect(await fails("run", "double", "--input", "@/nowhere.json")).toMatchObject({ code: 2 });
    expect(await fails("run", "double", "--delay", "soon")).toMatchObject({
      code: 2,
      error: { code: "invalid_duration" },
    });
    expect(await fails("run", "nothing")).toMatchObject({
      code: 1,
      error: { code: "workflow_not_found", hint: expect.stringContaining("double") },
    });
  });
});

describe("runs", () => {
  test("list filters and pages; show has the steps", async () => {
    const one = await json("run", "double", "--input", "1", "--tag", "listed", "--wait");
    const two = await json("run", "double", "--input", "2", "--tag", "listed", "--wait");
    const page = await json(
      "runs",
      "list",
      "--workflow",
      "double",
      "--tag",
      "listed",
      "--status",
      "completed,failed",
      "--since",
      "1h",
      "--limit",
      "1",
    );
    expect(page.runs.map((each: { id: string }) => each.id)).toEqual([two.run.id]);
    const next = await json("runs", "list", "--tag", "listed", "--limit", "1", "--cursor", page.nextCursor);
    expect(next.runs.map((each: { id: string }) => each.id)).toEqual([one.run.id]);
    expect(await text("runs", "list", "--tag", "listed")).toMatch(/^RUN +WORKFLOW +STATUS +CREATED +TOOK\n/);
    expect(await text("runs", "list", "--tag", "no such")).toBe("No runs.\n");
    expect(await json("runs", "show", one.run.id)).toMatchObject({
      run: { id: one.run.id },
      steps: [{ name: "double", status: "completed", output: 2 }],
    });
    expect(await text("runs", "show", one.run.id)).toContain("0  step  double  completed  1");
    expect(await fails("runs", "list", "--since", "yesterday")).toMatchObject({ code: 2 });
    expect(await fails("runs", "show", "run_nowhere")).toMatchObject({ code: 1, error: { code: "run_not_found" } });
  });

  test("cancel, retry, fork, pause, resume and delete", async () => {
    const { run: waiting } = await json("run", "wait");
    expect(await json("runs", "pause", waiting.id)).toMatchObject({ run: { id: waiting.id } });
    await json("runs", "resume", waiting.id);
    await json("runs", "cancel", waiting.id, "--reason", "no more");
    const watched = (await run(["runs", "watch", waiting.id])).stdout;
    expect(watched).toContain("cancelled (cancelled_by_user)");
    expect(watched).toContain("no more");
    const failed = JSON.parse((await run(["run", "double", "--input", '"x"', "--wait", "--json"])).stdout).run
      .id as string;
    expect(await json("runs", "retry", failed, "--code", "pinned")).toMatchObject({ run: { id: failed, attempt: 2 } });
    const forked = await json("runs", "fork", failed, "--from", "double", "--input", "7");
    expect(forked).toMatchObject({ run: { forkedFrom: failed } });
    expect((await run(["runs", "watch", forked.run.id])).stdout).toContain("output 14");
    expect(await json("runs", "delete", forked.run.id)).toEqual({ deleted: forked.run.id });
    expect(await fails("runs", "delete", forked.run.id)).toMatchObject({ code: 1, error: { code: "run_not_found" } });
  });

  test("bulk counts first, asks for a filter, and does it", async () => {
    for (const n of [1, 2, 3]) await json("run", "double", "--input", String(n), "--tag", "many", "--wait");
    expect(await json("runs", "bulk", "delete", "--tag", "many", "--dry-run")).toMatchObject({
      matched: 3,
      changed: 0,
    });
    expect(await fails("runs", "bulk", "delete")).toMatchObject({ code: 2, error: { message: "No filter is given." } });
    expect(await fails("runs", "bulk", "explode", "--all")).toMatchObject({ code: 2 });
    expect(await text("runs", "bulk", "delete", "--tag", "many", "--status", "completed")).toContain("changed 3");
    expect((await json("runs", "list", "--tag", "many")).runs).toEqual([]);
  });

  test("export writes whole runs as lines of JSON", async () => {
    const { run: done } = await json("run", "double", "--input", "9", "--tag", "exported", "--wait");
    const file = join(work, "runs.jsonl");
    expect(await json("runs", "export", "--tag", "exported", "--output", file)).toEqual({ exported: 1, file });
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      format: "sluice-run",
      run: { id: done.id, output: { json: 18 } },
      journal: [{ name: "double" }],
    });
    expect(JSON.parse(await text("runs", "export", "--tag", "exported"))).toMatchObject({ run: { id: done.id } });
  });
});

describe("a large output of a step", () => {
  test("is left out where the run is shown, and written when it is exported", async () => {
    const { run: done } = await json("run", "large", "--input", "1500000", "--tag", "large", "--wait");
    const { steps } = await json("runs", "show", done.id);
    expect(steps).toMatchObject([{ name: "make", output: null, omitted: ["output"] }]);
    expect(await text("runs", "show", done.id)).toContain("1.4 MB, in `sluice runs export`");
    const exported = JSON.parse(await text("runs", "export", "--tag", "large"));
    expect(exported.journal[0].value.json).toBe("x".repeat(1_500_000));
  });
});

describe("events, approvals, schedules and state", () => {
  test("an event wakes the run that waits for its key, once for each id", async () => {
    const { run: waiting } = await json("run", "wait");
    expect(
      await json("events", "send", "paid", "--payload", '{"amount":3}', "--key", "o-17", "--id", "evt-9"),
    ).toMatchObject({ duplicate: false });
    expect(
      await json("events", "send", "paid", "--payload", '{"amount":4}', "--key", "o-17", "--id", "evt-9"),
    ).toMatchObject({ duplicate: true });
    expect((await run(["runs", "watch", waiting.id])).stdout).toContain('output {"amount":3}');
    const { events } = await json("events", "list", "--name", "paid");
    expect(events).toMatchObject([{ name: "paid", key: "o-17", payload: { amount: 3 } }]);
    expect(await text("events", "list", "--after", String(events[0].id))).toBe("No events.\n");
  });

  test("an approval is listed and decided once", async () => {
    const { run: asking } = await json("run", "ask");
    const open = async (): Promise<{ token: string }> => {
      for (;;) {
        const [found] = (await json("approve", "list", "--run", asking.id)).approvals;
        if (found !== undefined) return found;
      }
    };
    const { token } = await open();
    expect(await text("approve", "list")).toContain("May I?");
    expect(await json("approve", "decide", token, "--reason", "why not")).toEqual({ runId: asking.id, approved: true });
    expect((await run(["runs", "watch", asking.id])).stdout).toContain('output "why not"');
    expect(await fails("approve", "decide", token, "--deny")).toMatchObject({ code: 1, error: { code: "token_used" } });
    expect(await text("approve", "list")).toBe("Nothing waits for approval.\n");
  });

  test("a schedule is listed, shown, paused, resumed and run now", async () => {
    const { schedules } = await json("schedule", "list");
    const [{ id }] = schedules;
    expect(schedules).toMatchObject([{ workflow: "report", cron: "0 2 * * *", paused: false }]);
    expect((await json("schedule", "show", id, "--next", "3")).next).toHaveLength(3);
    expect(await json("schedule", "pause", id)).toMatchObject({ schedule: { paused: true, nextAt: null } });
    expect(await text("schedule", "list")).toContain("paused");
    expect(await json("schedule", "resume", id)).toMatchObject({ schedule: { paused: false } });
    const { run: started } = await json("schedule", "run", id);
    expect((await run(["runs", "watch", started.id])).stdout).toContain('output "reported"');
    expect(await fails("schedule", "pause", "nothing")).toMatchObject({
      code: 1,
      error: { code: "schedule_not_found" },
    });
  });

  test("state is set, read, guarded by its version and deleted", async () => {
    expect(await json("state", "set", "global", "rate/eur", "1.08", "--ttl", "1h")).toEqual({ version: 1 });
    expect(await json("state", "get", "global", "rate/eur")).toMatchObject({ value: 1.08, version: 1 });
    expect(await fails("state", "set", "global", "rate/eur", "2", "--if-version", "0")).toMatchObject({
      code: 1,
      error: { code: "state_version_conflict" },
    });
    expect(await json("state", "set", "global", "rate/eur", "2", "--if-version", "1")).toEqual({ version: 2 });
    expect((await json("state", "list", "global", "--prefix", "rate/")).entries).toMatchObject([
      { key: "rate/eur", value: 2 },
    ]);
    expect(await text("state", "get", "global", "rate/eur")).toBe("2\n");
    expect(await json("state", "delete", "global", "rate/eur")).toEqual({ deleted: "rate/eur" });
    expect(await fails("state", "get", "global", "rate/eur")).toMatchObject({ code: 1, error: { code: "not_found" } });
    expect(await fails("state", "get", "nowhere", "k")).toMatchObject({ code: 2, error: { code: "bad_request" } });
  });
});
