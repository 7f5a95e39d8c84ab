// `bun:test` where there is no Bun: suites that hold on every runtime are bundled against this file when they run under Node.
// The frame is node:test; of `expect` there is what those suites use, with the meaning it has in Bun.

import { AssertionError } from "node:assert";
import { afterEach, beforeEach, describe, test as nodeTest } from "node:test";
import { inspect } from "node:util";

export { afterEach, beforeEach, describe };

type Body<Values extends unknown[]> = (...values: Values) => void | Promise<void>;

/** A test of `node:test`, which would take a body with parameters for one that calls back. */
export function test(name: string, body: Body<[]>): void {
  void nodeTest(name, () => body());
}

test.each =
  <Value>(values: readonly Value[]) =>
  (name: string, body: Body<unknown[]>): void => {
    for (const value of values) {
      const all: readonly unknown[] = Array.isArray(value) ? value : [value];
      let at = 0;
      test(
        name.replace(/%[sdjp]/g, () => String(all[at++])),
        () => body(...all),
      );
    }
  };

class Any {
  readonly #type: unknown;

  constructor(type: unknown) {
    this.#type = type;
  }

  accepts(value: unknown): boolean {
    if (this.#type === Number) return typeof value === "number";
    if (this.#type === String) return typeof value === "string";
    return typeof this.#type === "function" && value instanceof this.#type;
  }
}

type Plain = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Plain {
  return typeof value === "object" && value !== null;
}

/** Whether two maps or two sets hold the same, in whatever order. */
function hasSame(actual: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>, expected: typeof actual): boolean {
  const left = [...expected];
  return (
    actual.size === expected.size && [...actual].every((item) => left.some((other) => isEqual(item, other, false)))
  );
}

/** Equality by content. A property that is undefined is one that is not there; `part`: the other may have more. */
function isEqual(actual: unknown, expected: unknown, part: boolean): boolean {
  if (expected instanceof Any) return expected.accepts(actual);
  if (Object.is(actual, expected)) return true;
  if (!isObject(actual) || !isObject(expected)) return false;
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return false;
  if (actual instanceof Map || actual instanceof Set) return hasSame(actual, expected as unknown as typeof actual);
  if (actual instanceof Date) return actual.getTime() === (expected as unknown as Date).getTime();
  const isList = Array.isArray(actual) || ArrayBuffer.isView(actual);
  if (isList && actual["length"] !== expected["length"]) return false;
  if (part && !isList)
    return Object.keys(expected).every((key) => key in actual && isEqual(actual[key], expected[key], true));
  const keys = [...Object.keys(actual), ...Object.keys(expected)];
  return keys.every((key) => isEqual(actual[key], expected[key], part));
}

class Expectation {
  readonly #actual: unknown;

  constructor(actual: unknown) {
    this.#actual = actual;
  }

  #check(holds: boolean, what: string, expected?: unknown): void {
    if (holds) return;
    const shown = (value: unknown): string => inspect(value, { depth: 8 });
    throw new AssertionError({ message: `${shown(this.#actual)}\nis not ${what} ${shown(expected)}` });
  }

  toBe(expected: unknown): void {
    this.#check(Object.is(this.#actual, expected), "the same as", expected);
  }

  toEqual(expected: unknown): void {
    this.#check(isEqual(this.#actual, expected, false), "equal to", expected);
  }

  toMatchObject(expected: unknown): void {
    this.#check(isEqual(this.#actual, expected, true), "an object with", expected);
  }

  toContainEqual(expected: unknown): void {
    const found = Array.isArray(this.#actual) && this.#actual.some((item) => isEqual(item, expected, false));
    this.#check(found, "a list with", expected);
  }

  toHaveLength(length: number): void {
    this.#check((this.#actual as { readonly length?: number }).length === length, "of length", length);
  }

  toBeUndefined(): void {
    this.#check(this.#actual === undefined, "undefined");
  }

  toBeDefined(): void {
    this.#check(this.#actual !== undefined, "defined");
  }

  toBeGreaterThan(limit: number): void {
    this.#check((this.#actual as number) > limit, "greater than", limit);
  }

  toBeLessThan(limit: number): void {
    this.#check((this.#actual as number) < limit, "less than", limit);
  }

  toBeGreaterThanOrEqual(limit: number): void {
    this.#check((this.#actual as number) >= limit, "at least", limit);
  }
}

export function expect(actual: unknown): Expectation {
  return new Expectation(actual);
}

expect.any = (type: unknown): Any => new Any(type);
