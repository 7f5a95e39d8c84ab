// The golden vectors and the deepest values on plain Node: run by vectors.test.ts, bundled, in a process of its own.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { valueDepthMax } from "./value-format.ts";
import { decodeValue, encodeValue } from "./value.ts";
import { messageChecks, valueChecks } from "./vectors.suite.ts";

const [messages, values] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")) as never);
const checks = [...messageChecks(messages as never), ...valueChecks(values as never)];
for (const { name, run } of checks) {
  try {
    run();
  } catch (error) {
    throw new Error(`vector "${name}"`, { cause: error });
  }
}
const wraps: readonly ((inner: unknown) => unknown)[] = [
  (inner) => ({ inner }),
  (inner) => new Map([["k", inner]]),
  (inner) => new Error("x", { cause: inner }),
];
for (const wrap of wraps) {
  let value: unknown = wrap(1);
  for (let depth = 1; depth < valueDepthMax; depth += 1) value = wrap(value);
  assert.deepEqual(encodeValue(decodeValue(encodeValue(value))), encodeValue(value));
  assert.throws(() => encodeValue(wrap(value)), { code: "value_not_serializable" });
}
assert.equal("Bun" in globalThis, false);
process.stdout.write(`${checks.length} vectors\n`);
