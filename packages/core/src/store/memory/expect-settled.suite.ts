// What settle events say, as an expectation of the tests here.
import { expect } from "bun:test";
import type { RunEvent } from "@sluice/protocol";
import { settled } from "./fixture.suite.ts";

/** The settle events among these, in order, as `[seq, status, value or error]`. */
export function expectSettled(events: readonly RunEvent[], ...expected: readonly unknown[][]): void {
  expect(settled(events)).toEqual([...expected]);
}
