// A deployment in which two things would have one name or address is refused, naming both, and what served before serves on.
import { describe, expect, test } from "bun:test";
import type { TriggerManifest, WorkflowManifest } from "@sluice/protocol";
import { webhook, workflow } from "@sluice/sdk";
import type { Workflow } from "@sluice/sdk";
import { manifestOf } from "@sluice/worker";
import { faultyStore } from "../testing/faulty-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { checkDeployment } from "./deployment-checks.ts";
import { EngineFixture } from "./engine-fixture.suite.ts";
import { engineLimits } from "./limits.ts";

function flow(name: string, ...triggers: readonly TriggerManifest[]): WorkflowManifest {
  return { name, triggers, validates: false };
}

function hook(path: string, method = "POST"): TriggerManifest {
  return { type: "webhook", path, method };
}

function at(cron: string, name?: string): TriggerManifest {
  const rest = { catchUp: "skip", catchUpMax: 1, overlap: "allow", jitter: 0 } as const;
  const named = name === undefined ? {} : { name };
  return { type: "schedule", cron, timezone: "UTC", input: new Uint8Array([0xc0]), ...rest, ...named };
}

const check = (...workflows: readonly WorkflowManifest[]) => checkDeployment(workflows, engineLimits);

describe("refused are", () => {
  test("two workflows with one webhook, naming both, the path and what to do", () => {
    expect(check(flow("order", hook("/a"), hook("/in")), flow("payment", hook("/in")))).toEqual({
      ok: false,
      error: {
        code: "duplicate_webhook",
        message: "The workflows order and payment have the same webhook: POST /hooks/in.",
        hint: "Give one of them another path or method: a request starts one run.",
        details: { workflows: ["order", "payment"], method: "POST", path: "/in" },
      },
    });
  });

  test("one workflow with a webhook twice", () => {
    expect(check(flow("order", hook("/in"), hook("/in")))).toMatchObject({
      error: { code: "duplicate_webhook", message: "Workflow order has the same webhook: POST /hooks/in." },
    });
  });

  test("two workflows with one name", () => {
    expect(check(flow("order"), flow("other"), flow("order"))).toMatchObject({
      error: { code: "duplicate_workflow", message: "Two workflows are named order.", hint: expect.any(String) },
    });
  });

  test("two schedules of one workflow with one name, be it the place of one without", () => {
    for (const triggers of [
      [at("0 2 * * *", "a"), at("0 3 * * *", "a")],
      [at("0 2 * * *"), hook("/in"), at("0 3 * * *", "0")],
      [at("0 2 * * *", "1"), at("0 3 * * *")],
    ]) {
      expect(check(flow("report", ...triggers))).toMatchObject({
        error: {
          code: "invalid_name",
          message: expect.stringContaining("workflow report are named"),
          hint: expect.any(String),
        },
      });
    }
  });

  test("a JSON Schema over the limit, naming limit and setting, however it is made", () => {
    const described = (schema: unknown): WorkflowManifest => ({ ...flow("order"), validates: true, schema });
    const { schemaBytesMax } = engineLimits;
    // A map of one entry takes 1 byte, its key 12, the header of a long text 5.
    const exact = { description: "x".repeat(schemaBytesMax - 18) };
    expect(check(described(exact))).toEqual({ ok: true, value: null });
    for (const schema of [{ description: `${exact.description}x` }, { enum: Array.from({ length: 99_999 }, String) }]) {
      expect(check(described(schema))).toMatchObject({
        error: {
          code: "schema_too_large",
          message: expect.stringMatching(/^The JSON Schema of workflow order has \d+ bytes; .*262144.*schemaBytesMax/),
          hint: expect.stringContaining("limits.schemaBytesMax"),
        },
      });
    }
    expect(checkDeployment([described({ description: "x".repeat(100) })], { schemaBytesMax: 99 }).ok).toBe(false);
  });
});

test("one path with several methods, one schedule name in several workflows, and many paths are taken", () => {
  const workflows = [
    flow("a", hook("/in"), hook("/in", "PUT"), at("0 2 * * *", "nightly"), at("0 3 * * *")),
    flow("b", hook("/in", "GET"), hook("/in/"), at("0 2 * * *", "nightly"), at("0 3 * * *")),
  ];
  expect(check(...workflows)).toEqual({ ok: true, value: null });
});

describe("after a refusal", () => {
  const hooked = (name: string, path: string): Workflow =>
    workflow({ name, triggers: [webhook(path)] }, async () => name);

  test("the version before serves on: its workflows, webhooks, runs and what is stored", async () => {
    const [before, other] = [hooked("before", "/in"), hooked("other", "/in")];
    const f = await EngineFixture.start({ workflows: [before], version: "v1" });
    const refused = await f.engine.deploy("v2", manifestOf([before, other]));
    expect(refused).toMatchObject({ ok: false, error: { code: "duplicate_webhook" } });
    expect(f.engine.deployments.version).toBe("v1");
    expect(f.engine.deployments.workflows.map(({ manifest }) => manifest.name)).toEqual(["before"]);
    expect((await f.store.listVersions()).map(({ version }) => version)).toEqual(["v1"]);
    expect((await f.result(before)).output).toBe("before");
    expect((await f.engine.deploy("v3", manifestOf([before, hooked("other", "/out")]))).ok).toBe(true);
  });

  test("by the store it does too, and the refusal is an answer", async () => {
    for (const verb of ["putSchedules", "putVersion"] as const) {
      let failures = 0;
      const { store } = faultyStore(new MemoryRunStore(), {
        plan: (write) => (write.verb === verb && failures-- > 0 ? { fault: "fail" } : undefined),
        afterCrash: "reject",
      });
      const f = await EngineFixture.start({ workflows: [hooked("a", "/a")], version: "v1", store });
      failures = 1;
      const refused = await f.engine.deploy("v2", manifestOf([hooked("b", "/b")]));
      expect(refused).toMatchObject({ ok: false, error: { code: "store_failed" } });
      expect(f.engine.deployments.version).toBe("v1");
      expect(f.engine.deployments.workflow("b")).toBeUndefined();
      expect((await f.engine.deploy("v2", manifestOf([hooked("b", "/b")]))).ok).toBe(true);
    }
  });
});
