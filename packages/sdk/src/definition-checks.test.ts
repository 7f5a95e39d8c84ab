// Definitions that make no sense are refused where they are written.
import { describe, expect, test } from "bun:test";
import { schedule } from "./triggers.ts";
import type { ScheduleOptions } from "./triggers.ts";
import { webhook } from "./webhook.ts";
import type { WebhookOptions } from "./webhook.ts";
import { workflow } from "./workflow.ts";

const body = async (): Promise<number> => 1;

/** The code, the message and whether there is a hint. */
function refusal(define: () => unknown): unknown[] {
  try {
    define();
  } catch (error) {
    const { code, message, hint } = error as { code?: string; message: string; hint?: string };
    return [code, message, typeof hint === "string" && hint.length > 0];
  }
  return ["it was taken"];
}

describe("a workflow", () => {
  test.each([
    [{ description: 7 }, "invalid_workflow", "Workflow w: description makes no sense."],
    [{ input: { type: "object" } }, "invalid_workflow", "Workflow w: input makes no sense."],
    [{ triggers: webhook("/in") }, "invalid_workflow", "Workflow w: triggers makes no sense."],
    [{ triggers: ["0 2 * * *"] }, "invalid_workflow", "Workflow w: triggers makes no sense."],
    [{ retention: "30 days" }, "invalid_workflow", "Workflow w: retention makes no sense."],
    [{ retention: { count: -1 } }, "invalid_workflow", "Workflow w: retention.count makes no sense."],
    [{ retention: { count: Number.NaN } }, "invalid_workflow", "Workflow w: retention.count makes no sense."],
    [{ retention: { count: 1.5 } }, "invalid_workflow", "Workflow w: retention.count makes no sense."],
    [{ retention: { age: "soon" } }, "invalid_duration", expect.stringContaining("soon")],
    [{ timeout: "whenever" }, "invalid_duration", expect.stringContaining("whenever")],
    [{ retry: 3 }, "invalid_workflow", "Workflow w: retry makes no sense."],
    [{ retry: { when: true } }, "invalid_workflow", "Workflow w: retry.when makes no sense."],
    [{ retry: { attempt: 3 } }, "invalid_retry", expect.stringContaining("retry.attempt")],
  ])("with %p is refused", (options, code, message) => {
    expect(refusal(() => workflow({ name: "w", ...(options as object) }, body))).toEqual([code, message, true]);
  });

  test("without a name or a function is refused", () => {
    expect(refusal(() => workflow({ name: "no spaces" }, body))).toMatchObject([
      "invalid_name",
      expect.any(String),
      true,
    ]);
    expect(refusal(() => workflow({ name: "w" }, undefined as never))).toEqual([
      "invalid_workflow",
      "Workflow w has no function.",
      true,
    ]);
  });

  test("with options that make sense is taken", () => {
    const input = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
    const retry = { attempts: 3, when: () => true };
    const retention = { age: "30 days", count: 0 };
    const triggers = [webhook("in"), schedule("0 2 * * *")];
    const { options } = workflow({ name: "w", description: "d", input, triggers, timeout: 5, retry, retention }, body);
    expect(options).toEqual({ name: "w", description: "d", input, triggers, timeout: 5, retry, retention });
  });
});

test.each([
  [7, {}, "A webhook: path makes no sense."],
  ["", {}, "A webhook: path makes no sense."],
  ["/in", { method: "HEAD" }, "The webhook /in: method makes no sense."],
  ["/in", { secret: "" }, "The webhook /in: secret makes no sense."],
  ["/in", { secret: 7 }, "The webhook /in: secret makes no sense."],
])("a webhook at %p with %p is refused", (path, options, message) => {
  const define = () => webhook(path as string, options as WebhookOptions);
  expect(refusal(define)).toEqual(["invalid_workflow", message, true]);
});

test.each([
  [7, {}, "invalid_workflow", "A schedule: expression makes no sense."],
  ["0 2 * * *", { timezone: 1 }, "invalid_workflow", "The schedule 0 2 * * *: timezone makes no sense."],
  ["0 2 * * *", { name: 1 }, "invalid_workflow", "The schedule 0 2 * * *: name makes no sense."],
  ["0 2 * * *", { catchUp: "some" }, "invalid_workflow", "The schedule 0 2 * * *: catchUp makes no sense."],
  ["0 2 * * *", { catchUpMax: -1 }, "invalid_workflow", "The schedule 0 2 * * *: catchUpMax makes no sense."],
  ["0 2 * * *", { overlap: "kill" }, "invalid_workflow", "The schedule 0 2 * * *: overlap makes no sense."],
  ["0 2 * * *", { jitter: "a bit" }, "invalid_duration", expect.stringContaining("a bit")],
])("a schedule at %p with %p is refused", (cron, options, code, message) => {
  const define = () => schedule(cron as string, options as ScheduleOptions);
  expect(refusal(define)).toEqual([code, message, true]);
});
