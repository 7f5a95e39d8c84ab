// The order in which tasks are done, and that it follows from outcomes alone.
import { describe, expect, test } from "bun:test";
import { packageOf, workspaceOf } from "../graph/fixture.suite.ts";
import { packageGraph } from "../graph/package-graph.ts";
import { taskGraph } from "../graph/task-graph.ts";
import type { TaskGraph } from "../graph/task-graph.ts";
import { hasSucceeded, runTasks } from "./build-run.ts";
import type { Continuing } from "./build-run.ts";
import type { TaskOutcome } from "./outcome.ts";

function graphOf(): TaskGraph {
  const packages = [
    packageOf("app", ["lib", "other"]),
    packageOf("lib", ["base"]),
    packageOf("other", ["base"], {}),
    packageOf("base"),
    packageOf("alone"),
  ];
  const workspace = workspaceOf(packages, { build: { dependsOn: ["^build"] } });
  const made = taskGraph(workspace, packageGraph(workspace.packages), {
    tasks: ["build"],
    packages: new Set(packages.map(({ name }) => name)),
  });
  if (!made.ok) throw new Error(made.error.message);
  return made.value;
}

const done = (id: string, change: Partial<TaskOutcome> = {}): TaskOutcome => ({
  id,
  status: "completed",
  cache: "miss",
  hash: "h",
  gives: id,
  durationMs: 1,
  savedMs: 0,
  exitCode: 0,
  why: null,
  ...change,
});

class Performer {
  readonly performed: string[] = [];
  stopped = 0;
  readonly outcomes = new Map<string, Partial<TaskOutcome>>();
  perform = async ({ id }: { readonly id: string }): Promise<TaskOutcome> => {
    this.performed.push(id);
    await new Promise((resolve) => setImmediate(resolve));
    return done(id, this.outcomes.get(id));
  };
  pass = ({ id }: { readonly id: string }): TaskOutcome => done(id, { cache: "none" });
  stop = (): void => void this.stopped++;
}

const plainJournal = {
  step: <T>(_name: string, body: (signal: AbortSignal) => Promise<T>): Promise<T> => body(new AbortController().signal),
};

async function ran(
  performer: Performer,
  continuing: Continuing = "never",
  settled: ReadonlyMap<string, TaskOutcome> = new Map(),
  journal = plainJournal,
) {
  return runTasks({ graph: graphOf(), journal, performer, continuing, settled });
}

describe("the tasks of a build", () => {
  test("are done after what they depend on, those without a script without a step", async () => {
    const performer = new Performer();
    const outcomes = await ran(performer);
    expect(performer.performed).toEqual(["alone#build", "base#build", "lib#build", "app#build"]);
    expect(outcomes.map(({ id }) => id)).toEqual([
      "alone#build",
      "base#build",
      "lib#build",
      "other#build",
      "app#build",
    ]);
    expect(hasSucceeded(outcomes)).toBe(true);
  });

  test("that need nothing are not done", async () => {
    const performer = new Performer();
    await ran(performer, "never", new Map([["base#build", done("base#build", { cache: "hit" })]]));
    expect(performer.performed).toEqual(["alone#build", "lib#build", "app#build"]);
  });

  test("end with the first that fails", async () => {
    const performer = new Performer();
    performer.outcomes.set("base#build", { status: "failed" });
    const outcomes = await ran(performer);
    expect(Object.fromEntries(outcomes.map(({ id, status }) => [id, status]))).toEqual({
      "alone#build": "completed",
      "base#build": "failed",
      "lib#build": "skipped",
      "other#build": "skipped",
      "app#build": "skipped",
    });
    expect([performer.stopped, hasSucceeded(outcomes)]).toEqual([1, false]);
  });

  test.each([
    ["dependencies-successful", ["alone#build", "base#build", "lib#build"]],
    ["always", ["alone#build", "base#build", "lib#build", "app#build"]],
  ] as const)("go on after a failure where that is wanted: %s", async (continuing, performed) => {
    const performer = new Performer();
    performer.outcomes.set("lib#build", { status: "failed" });
    await ran(performer, continuing);
    expect(performer.performed).toEqual([...performed]);
    expect(performer.stopped).toBe(0);
  });

  test("ask for the same steps in the same order when they are done again, whatever was recorded of them", async () => {
    const asked: string[] = [];
    const recorded = new Map<string, unknown>();
    const first = {
      step: async <T>(name: string, body: (signal: AbortSignal) => Promise<T>): Promise<T> => {
        asked.push(name);
        const result = await body(new AbortController().signal);
        recorded.set(name, result);
        return result;
      },
    };
    const before = await ran(new Performer(), "never", new Map(), first);
    const again: string[] = [];
    const replay = {
      step: async <T>(name: string): Promise<T> => {
        again.push(name);
        return recorded.get(name) as T;
      },
    };
    const performer = new Performer();
    expect(await ran(performer, "never", new Map(), replay)).toEqual(before);
    expect([again, performer.performed]).toEqual([asked, []]);
  });
});
