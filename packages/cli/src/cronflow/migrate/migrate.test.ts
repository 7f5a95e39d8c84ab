// A cronflow database becomes a program that defines the same workflows, and its finished runs become history.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseRunExport } from "@sluice/protocol";
import { historyOf } from "./history.ts";
import { readDatabase } from "./read-database.ts";
import { skeletonOf } from "./skeleton.ts";

let folder: string;
let file: string;

const step = (name: string, more: object = {}): object => ({ id: name, name, action: name, ...more });
const order = {
  id: "order-processor",
  name: "Order Processor",
  steps: [
    step("validate", { timeout: 5000, retry: { max_attempts: 3, backoff_ms: 1000 } }),
    step("is-large", { options: { conditional: true, conditionType: "if" } }),
    step("approve", { options: { humanInTheLoop: true, description: "Large order", timeout: "1h" } }),
    step("else", { options: { conditional: true, conditionType: "else" } }),
    step("auto", { type: "step", title: "Automatic" }),
    step("endif", { options: { endIf: true } }),
    step("parallel", { options: { parallel: true, stepCount: 2 } }),
    step("each-item", { options: { forEach: true } }),
    step("slices", { options: { batch: true, batchSize: 5 } }),
    step("notify", { type: "action" }),
    step("wait-for-payment", { options: { waitForEvent: true, eventName: "paid" } }),
    step("child", { options: { subflow: true, workflowId: "other" } }),
  ],
  triggers: [{ Webhook: { path: "/orders", method: "PUT" } }, { Schedule: { cron_expression: "0 2 * * *" } }, "Manual"],
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-migrate-"));
  file = join(folder, "data.db");
  const database = new Database(file);
  database.run(
    "CREATE TABLE workflows (id TEXT PRIMARY KEY, name TEXT, description TEXT, definition TEXT, created_at TEXT, updated_at TEXT)",
  );
  database.run(
    "CREATE TABLE workflow_runs (id TEXT PRIMARY KEY, workflow_id TEXT, status TEXT, payload TEXT, started_at TEXT, completed_at TEXT, error TEXT)",
  );
  database.run(
    "CREATE TABLE step_results (id INTEGER PRIMARY KEY, run_id TEXT, step_id TEXT, status TEXT, output TEXT, error TEXT, started_at TEXT, completed_at TEXT, duration_ms INTEGER)",
  );
  database.run(
    "CREATE TABLE triggers (id TEXT PRIMARY KEY, workflow_id TEXT, trigger_type TEXT, config TEXT, created_at TEXT)",
  );
  const at = "2025-11-01T10:00:00.000Z";
  const workflow = database.prepare("INSERT INTO workflows VALUES (?, ?, ?, ?, ?, ?)");
  workflow.run("order-processor", "Order Processor", "Takes orders", JSON.stringify(order), at, at);
  workflow.run("order/processor", "order/processor", null, JSON.stringify({ steps: [step("only")] }), at, at);
  database.run(
    "INSERT INTO triggers VALUES ('t1', 'order-processor', 'webhook', '{\"path\":\"/orders\",\"method\":\"PUT\"}', '')",
  );
  database.run("INSERT INTO triggers VALUES ('t2', 'order/processor', 'event', '{\"event_name\":\"placed\"}', '')");
  const run = database.prepare("INSERT INTO workflow_runs VALUES (?, ?, ?, ?, ?, ?, ?)");
  run.run("r1", "order-processor", "Completed", '{"total":7}', at, "2025-11-01T10:00:02.000Z", null);
  run.run("r2", "order-processor", "Failed", "not json", at, "2025-11-01T10:00:01.000Z", "declined");
  run.run("r3", "order-processor", "Running", "{}", at, null, null);
  const result = database.prepare(
    "INSERT INTO step_results (run_id, step_id, status, output, error, started_at, completed_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  result.run("r1", "validate", "Completed", '{"valid":true}', null, at, "2025-11-01T10:00:01.000Z");
  result.run("r1", "auto", "Completed", '"done"', null, "2025-11-01T10:00:01.000Z", "2025-11-01T10:00:02.000Z");
  result.run("r2", "validate", "Failed", null, "declined", at, "2025-11-01T10:00:01.000Z");
  database.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the skeleton", () => {
  test("is a program that defines the workflows with their steps, blocks, options and triggers", async () => {
    const database = readDatabase(file);
    const text = skeletonOf(database.workflows);
    database.close();
    const program = join(import.meta.dir, `skeleton-${process.pid}.suite.ts`);
    writeFileSync(program, text);
    try {
      const defined = (await import(program)) as Record<
        string,
        { getSteps(): { name: string; kind: string; options: object }[]; getTriggers(): object[] }
      >;
      expect(Object.keys(defined)).toEqual(["orderProcessorWorkflow", "orderProcessorWorkflow2"]);
      const steps = defined["orderProcessorWorkflow"]?.getSteps() ?? [];
      expect(steps.map(({ kind }) => kind)).toEqual([
        "step",
        "if",
        "human",
        "step",
        "parallel",
        "forEach",
        "batch",
        "action",
        "event",
        "subflow",
      ]);
      expect(steps[0]).toMatchObject({
        name: "validate",
        options: { timeout: 5000, retry: { attempts: 3, backoff: { delay: 1000 } } },
      });
      expect(defined["orderProcessorWorkflow"]?.getTriggers()).toMatchObject([
        { type: "webhook", path: "/orders", options: { method: "PUT" } },
        { type: "schedule", cron_expression: "0 2 * * *" },
        { type: "manual" },
      ]);
      expect(defined["orderProcessorWorkflow2"]?.getTriggers()).toMatchObject([{ type: "event", event: "placed" }]);
    } finally {
      rmSync(program);
    }
  });
});

describe("the history", () => {
  test("has finished runs with their steps, as they are imported, and no others", () => {
    const database = readDatabase(file);
    const histories = [...database.runs()].map(historyOf);
    database.close();
    expect(histories.map((each) => each?.run.id)).toEqual(["r1", "r2", undefined]);
    for (const each of histories)
      if (each !== undefined) expect(parseRunExport(JSON.parse(JSON.stringify(each)))).toEqual(each);
    expect(histories[0]).toMatchObject({
      run: {
        workflow: "order-processor",
        status: "completed",
        input: { json: { total: 7 } },
        output: { json: "done" },
      },
      journal: [
        { seq: 0, ord: 1, kind: "step", name: "validate", status: "completed", value: { json: { valid: true } } },
        { seq: 1, ord: 2, name: "auto", value: { json: "done" } },
      ],
    });
    expect(histories[1]).toMatchObject({
      run: { status: "failed", reason: "error", input: { json: "not json" } },
      journal: [{ status: "failed" }],
    });
    expect(histories[0]?.run.endedAt).toBe(Date.parse("2025-11-01T10:00:02.000Z"));
  });
});

describe("what is no database of cronflow", () => {
  test("is refused with a sentence", () => {
    expect(() => readDatabase(join(folder, "nothing.db"))).toThrow("There is no file");
    const other = join(folder, "other.db");
    writeFileSync(other, "just text, and long enough not to be taken for an empty database ".repeat(20));
    expect(() => readDatabase(other)).toThrow("is no database of cronflow");
  });
});
