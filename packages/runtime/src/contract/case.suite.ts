// What a case of the contract is: a body that runs on every runtime, with that runtime's provider and a folder of its own.

import { ok } from "node:assert/strict";
import type { RuntimeProvider } from "../provider.ts";
import { RuntimeFailure } from "../failure.ts";
import type { RuntimeErrorCode } from "../failure.ts";

export interface World {
  readonly runtime: RuntimeProvider;
  /** Empty, and removed afterwards. */
  readonly folder: string;
}

/** Declares a case. */
export type Test = (name: string, body: (world: World) => void | Promise<void>) => void;

/** The code of the failure that a call ends in; undefined when it does not fail. Anything but a `RuntimeFailure` passes through. */
export async function codeOf(call: () => unknown): Promise<RuntimeErrorCode | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    if (error instanceof RuntimeFailure) return error.code;
    throw error;
  }
}

const lookEveryMs = 5;
const patienceMs = 15_000;

/** Waits for a condition; fails with its name when it never holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + patienceMs;
  while (!(await holds())) {
    ok(Date.now() < deadlineMs, `never: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, lookEveryMs);
    });
  }
}

/** Waits until a number has stopped changing for a while: what flows has come to a halt. */
export async function settled(value: () => number): Promise<number> {
  let before = -1;
  let same = 0;
  await until("a number that stays", () => {
    same = value() === before ? same + 1 : 0;
    before = value();
    return same > 40;
  });
  return before;
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Bytes that differ from place to place. */
export function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_none, at) => (at * 31 + (at >> 8)) & 0xff);
}
