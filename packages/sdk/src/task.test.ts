// Definitions of tasks.
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { isTask, task } from "./task.ts";
import type { TaskInput, TaskOutput } from "./task.ts";
import { isWorkflow } from "./workflow.ts";

const code = (make: () => unknown): unknown => {
  try {
    make();
    return "it was made";
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe("task()", () => {
  test("is data with a name, options and a function", async () => {
    const resize = task({ name: "images/resize", input: z.object({ width: z.number() }) }, ({ width }) => width * 2);
    const input: TaskInput<typeof resize> = { width: 3 };
    const output: TaskOutput<typeof resize> = 6;
    expect(resize.name).toBe("images/resize");
    expect(resize.handler(input, undefined as never)).toBe(output);
    expect([isTask(resize), isWorkflow(resize), isTask({}), isTask(null)]).toEqual([true, false, false, false]);
  });

  test("refuses at once what makes no sense", () => {
    const run = (): void => undefined;
    expect(code(() => task({ name: "a b" }, run))).toBe("invalid_name");
    expect(code(() => task({ name: "" }, run))).toBe("invalid_name");
    expect(code(() => task({ name: "a" }, undefined as never))).toBe("invalid_workflow");
    expect(code(() => task({ name: "a", input: {} as never }, run))).toBe("invalid_workflow");
    expect(code(() => task({ name: "a", on: { labels: "gpu" as never } }, run))).toBe("invalid_workflow");
    expect(code(() => task({ name: "a", resources: { cpu: -1 } }, run))).toBe("invalid_workflow");
    expect(code(() => task({ name: "a", timeout: "soon" }, run))).toBe("invalid_duration");
    expect(code(() => task({ name: "a", retry: { attempts: 0 } }, run))).toBe("invalid_retry");
    expect(code(() => task({ name: "a", timeout: "1m", heartbeat: 500, retry: false }, run))).toBe("it was made");
  });
});
