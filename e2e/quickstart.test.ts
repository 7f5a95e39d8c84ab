// The quickstart example under the shipped command: every feature that its README shows.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, killAll, startServer } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

interface RunView {
  readonly id: string;
  readonly status: string;
  readonly statusReason: string | null;
  readonly input: Record<string, unknown>;
  readonly output: Record<string, unknown> | null;
  readonly error: { readonly message: string } | null;
  readonly parent: string | null;
  readonly schedule: string | null;
  readonly startedAt: number;
  readonly endedAt: number;
}

interface StepView {
  readonly seq: number;
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly attempt: number;
  readonly output: unknown;
  readonly startedAt: number;
  readonly endedAt: number;
}

const project = join(import.meta.dir, "../examples/quickstart");
const work = mkdtempSync(join(tmpdir(), "sluice-quickstart-"));
const data = join(work, "data");
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer({ project, data });
});

afterAll(async () => {
  await killAll(server);
  rmSync(work, { recursive: true, force: true });
});

async function ask<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const answer = await call<T>(server, `${method} ${path}`, body);
  if (answer === undefined) throw new Error(`no answer to ${method} ${path}: ${server.stderr()}`);
  return answer;
}

async function start(workflow: string, id: string, input: unknown): Promise<void> {
  const { status } = await ask("POST", `/api/v1/workflows/${workflow}/runs`, { id, input });
  expect(status).toBe(201);
}

async function ended(id: string): Promise<RunView> {
  const { body } = await ask<{ run: RunView }>("GET", `/api/v1/runs/${id}?wait=30s`);
  return body.run;
}

async function stepsOf(id: string): Promise<StepView[]> {
  return (await ask<{ steps: StepView[] }>("GET", `/api/v1/runs/${id}/steps`)).body.steps;
}

/** The step of this name once it is there and as wanted; runs change without being asked. */
async function step(id: string, name: string, wanted: (found: StepView) => boolean): Promise<StepView> {
  for (;;) {
    const found = (await stepsOf(id)).find((each) => each.name === name && each.seq >= 0);
    if (found !== undefined && wanted(found)) return found;
  }
}

async function approvalOf(run: string): Promise<{ token: string; description: string }> {
  for (;;) {
    const { body } = await ask<{ approvals: { token: string; run: string; description: string }[] }>(
      "GET",
      "/api/v1/approvals",
    );
    const found = body.approvals.find((each) => each.run === run);
    if (found !== undefined) return found;
  }
}

describe("the order", () => {
  test("is started by its webhook, without a token, with defaults filled in", async () => {
    const hook = await fetch(`${server.url}/hooks/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id: "o-hook", total: 40, holdSeconds: 0 }),
    });
    expect(hook.status).toBe(202);
    const { runId } = (await hook.json()) as { runId: string };
    const run = await ended(runId);
    expect(run.status).toBe("completed");
    expect(run.input).toEqual({ id: "o-hook", total: 40, address: "Lisbon", holdSeconds: 0 });
    expect(run.output).toMatchObject({ invoice: "INV-o-hook" });
  });

  test("is refused by its webhook when it makes no sense", async () => {
    const hook = await fetch(`${server.url}/hooks/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id: "o-bad", total: -1 }),
    });
    expect(hook.status).toBe(400);
    expect(await hook.json()).toMatchObject({ error: { code: "invalid_input", details: [{ path: "/total" }] } });
  });

  test("is charged at the third attempt, because the endpoint fails twice", async () => {
    await start("order", "charged", { id: "o-charged", total: 40, holdSeconds: 0 });
    expect((await ended("charged")).status).toBe("completed");
    const charge = await step("charged", "charge", () => true);
    expect(charge).toMatchObject({ status: "completed", attempt: 3, output: { amount: 40 } });
  });

  test("sleeps between payment and shipping", async () => {
    await start("order", "sleeper", { id: "o-sleeper", total: 40, holdSeconds: 1 });
    const run = await ended("sleeper");
    const hold = await step("sleeper", "hold", () => true);
    expect(hold).toMatchObject({ kind: "sleep", status: "completed" });
    expect(hold.endedAt - hold.startedAt).toBeGreaterThanOrEqual(1000);
    expect(run.endedAt).toBeGreaterThanOrEqual(hold.endedAt);
  });

  test("waits for approval above 1000, and goes on once it is given", async () => {
    await start("order", "big", { id: "o-big", total: 2500, holdSeconds: 0 });
    const { token, description } = await approvalOf("big");
    expect(description).toBe("Order o-big over 2500");
    expect((await ask("POST", `/api/v1/approvals/${token}`, { approved: true })).status).toBe(200);
    expect((await ended("big")).status).toBe("completed");
  });

  test("gives the payment back when the approval is denied", async () => {
    await start("order", "denied", { id: "o-denied", total: 2500, holdSeconds: 0 });
    const { token } = await approvalOf("denied");
    await ask("POST", `/api/v1/approvals/${token}`, { approved: false, reason: "too dear" });
    expect(await ended("denied")).toMatchObject({ status: "failed", error: { message: "too dear" } });
    expect((await stepsOf("denied")).find((each) => each.kind === "undo")).toMatchObject({ status: "completed" });
  });

  test("is shipped by a child run", async () => {
    await start("order", "parent", { id: "o-parent", total: 40, holdSeconds: 0 });
    const { output } = await ended("parent");
    const { body } = await ask<{ runs: RunView[] }>("GET", "/api/v1/runs?workflow=shipping&limit=50");
    const child = body.runs.find((run) => run.parent === "parent");
    expect(child).toMatchObject({ status: "completed", output: { tracking: output?.["tracking"] } });
  });

  test("is refunded when shipping fails", async () => {
    await start("order", "lost", { id: "o-lost", total: 40, address: "nowhere", holdSeconds: 0 });
    const run = await ended("lost");
    expect(run).toMatchObject({ status: "failed", statusReason: "error" });
    expect(run.error?.message).toContain("No carrier goes to nowhere.");
    const undo = (await stepsOf("lost")).find((each) => each.kind === "undo");
    expect(undo).toMatchObject({ name: "charge", status: "completed", output: { order: "o-lost" } });
  });
});

describe("the nightly report", () => {
  test("runs at two in Lisbon", async () => {
    const { body } = await ask<{ schedule: object; next: number[] }>("GET", "/api/v1/schedules/report:nightly");
    expect(body.schedule).toMatchObject({ cron: "0 2 * * *", timezone: "Europe/Lisbon", catchUp: "one" });
    const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Lisbon", timeStyle: "short" });
    expect(body.next.length).toBeGreaterThan(0);
    for (const at of body.next) expect(clock.format(at)).toBe("02:00");
  });

  test("sums up the orders since the one before", async () => {
    const report = async (): Promise<Record<string, unknown> | null> => {
      const { body } = await ask<{ run: RunView }>("POST", "/api/v1/schedules/report:nightly/run", {});
      const run = await ended(body.run.id);
      expect(run.status).toBe("completed");
      return run.output;
    };
    await report();
    await start("order", "counted", { id: "o-counted", total: 12, holdSeconds: 0 });
    expect((await ended("counted")).status).toBe("completed");
    expect(await report()).toMatchObject({ orders: 1, revenue: 12 });
    expect(await report()).toMatchObject({ orders: 0, revenue: 0 });
  });
});

// Last: it replaces the server.
test("an order survives kill -9: it is charged once, sleeps on, and is shipped", async () => {
  await start("order", "survivor", { id: "o-survivor", total: 40, holdSeconds: 2 });
  const charge = await step("survivor", "charge", (found) => found.status === "completed");
  const hold = await step("survivor", "hold", () => true);
  await killAll(server);
  server = await startServer({ project, data });
  expect((await ended("survivor")).status).toBe("completed");
  const steps = await stepsOf("survivor");
  expect(steps.filter((each) => each.name === "charge")).toEqual([charge]);
  const woken = steps.find((each) => each.name === "hold");
  expect(woken?.startedAt).toBe(hold.startedAt);
  expect((woken?.endedAt ?? 0) - hold.startedAt).toBeGreaterThanOrEqual(2000);
}, 30_000);
