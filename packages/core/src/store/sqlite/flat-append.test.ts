import { expect, test } from "bun:test";
import type { StoreOp } from "../../kernel/run-store.ts";
import { flatten, unflatten } from "./flat-append.ts";

const head = { run: "r", epoch: 3, now: 1_000 };
const bytes = new Uint8Array([1, 2]);
const done = { op: "done", kind: "step", seq: 4, name: "a", n: 1, at: 900, end: 950, attempt: 2 } as const;

test("what is flattened comes back as it was", () => {
  const ops: readonly StoreOp[] = [
    { ...done, value: bytes, error: undefined, undo: true },
    { ...done, kind: "undo", seq: -5, value: undefined, error: bytes, undo: undefined },
    { op: "finish", status: "failed", reason: "error", output: undefined, error: bytes, cause: 4 },
  ];
  const flat = flatten({ ...head, ops });
  expect(flat).toBeDefined();
  expect(unflatten(structuredClone(flat) ?? [])).toEqual({ ...head, ops });
});

test("an append with any other operation travels as it is", () => {
  expect(flatten({ ...head, ops: [done, { op: "idle", reason: "sleeping", ord: 1 }] })).toBeUndefined();
});
