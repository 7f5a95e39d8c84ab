// What a worker asks for becomes what the store can write: absolute times, tokens, children, blobs, refusals.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeValue, SluiceError } from "@sluice/protocol";
import type { RunOp } from "@sluice/protocol";
import { blobRefOf } from "../kernel/blob-ref.ts";
import { Ids } from "../kernel/ids.ts";
import type { NewRun, StoreOp } from "../kernel/run-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { SimulatedRandom } from "../testing/simulated-random.ts";
import { MemoryBlobs } from "./memory-blobs.suite.ts";
import { hasLarge, keepLarge, prepareOp, refused } from "./prepare.ts";
import type { PrepareWith } from "./prepare.ts";
import { Deployments } from "./deployments.ts";
import { Sealer } from "./sealing.ts";
import { Values } from "./values.ts";

const placed = { seq: 3, name: "x", n: 0 } as const;
const run = {
  run: "r1",
  workflow: "flow",
  now: 1_000,
  streamBytesMax: 1_000,
  seal: undefined,
  trace: undefined,
} as const;
const limits = { inlineBytesMax: 50, payloadBytesMax: 1_000 };
const by: PrepareWith = {
  ids: new Ids(new SimulatedClock(1_000), new SimulatedRandom(1)),
  values: new Values(new MemoryBlobs(), limits),
  sealer: new Sealer(undefined, new Deployments()),
  next: ({ workflow, input, now }) => ({
    id: "next",
    workflow,
    version: "v1",
    input,
    priority: 0,
    tags: [],
    createdAt: now,
    dueAt: now,
  }),
  child: ({ workflow, op, parent, now }): NewRun => ({
    id: "child",
    workflow,
    version: "v1",
    input: op.input,
    priority: 0,
    tags: [],
    createdAt: now,
    dueAt: now,
    parent,
  }),
};
const prepare = (op: RunOp): StoreOp | undefined => prepareOp(op, run, by);

describe("times", () => {
  test.each([
    [{ op: "sleep", ...placed, delay: 50 }, 1_050],
    [{ op: "sleep", ...placed, until: 5 }, 5],
    [{ op: "event", ...placed, timeout: 7 }, 1_007],
    [{ op: "event", ...placed }, undefined],
    [{ op: "callback", ...placed, token: "t", timeout: 7 }, 1_007],
    [{ op: "lock", ...placed, timeout: 0 }, 1_000],
    [{ op: "approval", ...placed, timeout: 7 }, 1_007],
    [{ op: "token", ...placed, timeout: 7 }, 1_007],
    [{ op: "retry", ...placed, kind: "step", at: 1, attempt: 1, error: new Uint8Array(), delay: 9 }, 1_009],
  ] as const)("of %j are absolute: %p", (op, due) => {
    expect((prepare(op) as { readonly due?: number }).due).toBe(due);
  });
});

describe("what is made here", () => {
  test("are tokens nobody can guess, and the value of a token is itself", () => {
    const [one, two] = [prepare({ op: "token", ...placed }), prepare({ op: "token", ...placed })];
    if (one?.op !== "token" || two?.op !== "token") throw new Error("no tokens");
    expect(one.token).toMatch(/^tok_[0-9a-z]{32}$/);
    expect(one.token).not.toBe(two.token);
    expect(decodeValue(one.value)).toBe(one.token);
    const approval = prepare({ op: "approval", ...placed });
    expect(approval?.op === "approval" && approval.token.startsWith("tok_")).toBe(true);
  });

  test("are children: attached when called, detached when started", () => {
    for (const [op, detached] of [
      ["call", false],
      ["start", true],
    ] as const) {
      const ready = prepare({ op, ...placed, input: encodeValue(1) });
      expect(ready).toMatchObject({ child: { id: "child", workflow: "x", parent: { run: "r1", seq: 3, detached } } });
    }
  });

  test("are full names of scopes", () => {
    const scopes = (["run", "workflow", "global"] as const).map((scope) => {
      const ready = prepare({ op: "state", ...placed, key: "k", scope, verb: "get" });
      return ready?.op === "state" ? ready.scope : undefined;
    });
    expect(scopes).toEqual(["run:r1", "workflow:flow", "global"]);
  });
});

test("what is only shown is not stored", () => {
  expect(prepare({ op: "started", ...placed, at: 1, attempt: 1, undo: false })).toBeUndefined();
  expect(prepare({ op: "started", ...placed, at: 1, attempt: 1, undo: true })).toBeDefined();
  expect(prepare({ op: "park", paused: false })).toBeUndefined();
});

describe("large values", () => {
  const big = encodeValue("x".repeat(200));
  const ops: readonly StoreOp[] = [
    { op: "done", ...placed, kind: "step", at: 1, attempt: 1, value: big },
    { op: "done", ...placed, kind: "step", at: 1, attempt: 1, error: big },
    { op: "finish", status: "completed", output: big },
    { op: "emit", ...placed, payload: big },
    { op: "state", ...placed, key: "k", scope: "global", verb: "set", value: big },
    { op: "approval", ...placed, token: "t", data: big },
    { op: "log", level: "info", message: "m", data: big, at: 1 },
  ];

  test.each(ops.map((op) => [op.op, op] as const))(
    "of %s become references, held until they are released",
    async (_name, op) => {
      const blobs = new MemoryBlobs();
      const values = new Values(blobs, limits);
      expect(hasLarge(op, values)).toBe(true);
      const kept = await keepLarge(op, values, 1);
      const { content, ...fieldsKept } = { content: undefined, ...kept.op };
      // Waits look into an event that is sent now before it is out of their reach.
      expect(content).toEqual(op.op === "emit" ? big : undefined);
      const fields = Object.values(fieldsKept).filter((value) => value instanceof Uint8Array);
      expect(fields.map((value) => blobRefOf(value) !== undefined)).toEqual([true]);
      expect(blobs.held).toBe(1);
      for (const release of kept.releases) release();
      expect(blobs.held).toBe(0);
    },
  );

  test("of a child are the child's, too", async () => {
    const op = prepare({ op: "call", ...placed, input: big });
    if (op?.op !== "call") throw new Error("no call");
    const { op: kept } = await keepLarge(op, by.values, 1);
    expect(kept).toMatchObject({ op: "call" });
    if (kept.op === "call")
      expect([blobRefOf(kept.input), blobRefOf(kept.child.input)]).toEqual([
        blobRefOf(kept.input) ?? "",
        blobRefOf(kept.input) ?? "",
      ]);
  });

  test("that are small stay, and a pattern always does: it has to be looked into", async () => {
    const values = new Values(new MemoryBlobs(), limits);
    expect(hasLarge({ op: "emit", ...placed, payload: encodeValue("small") }, values)).toBe(false);
    expect(hasLarge({ op: "event", ...placed, match: big }, values)).toBe(false);
  });

  test("over the limit turn the operation into its failure", async () => {
    const huge = encodeValue("x".repeat(2_000));
    const { op, releases } = await keepLarge({ op: "emit", ...placed, payload: huge }, by.values, 5);
    expect(releases).toEqual([]);
    expect(op).toMatchObject({ op: "done", kind: "emit", seq: 3, name: "x", n: 0, at: 5 });
    const error = op.op === "done" ? decodeErrorValue(op.error ?? new Uint8Array()) : undefined;
    expect(error).toMatchObject({
      code: "payload_too_large",
      message: expect.stringMatching(/payload of emit x.*1000/),
    });
  });
});

describe("a refusal", () => {
  const error = new SluiceError({ code: "payload_too_large", message: "too large" });

  test("takes the place of what was asked", () => {
    const done: StoreOp = { op: "done", ...placed, kind: "undo", at: 1, attempt: 4, value: encodeValue(1) };
    expect(refused(done, error, 5)).toMatchObject({ op: "done", kind: "undo", seq: 3, at: 5 });
    expect(refused({ op: "started", ...placed, at: 1, attempt: 1, undo: true }, error, 5)).toMatchObject({
      op: "done",
      kind: "step",
    });
    expect("value" in refused(done, error, 5)).toBe(false);
  });

  test("of a success is a failure with its undos first, of another end that end", () => {
    expect(refused({ op: "finish", status: "completed", output: encodeValue(1) }, error, 5)).toMatchObject({
      op: "undoing",
      status: "failed",
      reason: "error",
    });
    expect(refused({ op: "finish", status: "timedout", reason: "run_timeout" }, error, 5)).toMatchObject({
      status: "timedout",
      reason: "run_timeout",
    });
    expect(refused({ op: "undoing", status: "cancelled" }, error, 5)).toMatchObject({
      op: "undoing",
      status: "cancelled",
      error: expect.any(Uint8Array),
    });
  });

  test("of what is only told is a warning in the log", () => {
    expect(refused({ op: "progress", value: encodeValue(1), at: 1 }, error, 5)).toEqual({
      op: "log",
      level: "warn",
      message: "too large",
      at: 5,
    });
  });
});
