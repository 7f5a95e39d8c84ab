// What "comes back the same" means for values, shared by the tests of the codec: equal in kind and content, and with the
// same objects standing in the same places.

/** Throws, naming the place, unless `actual` is what `structuredClone` would have made of `expected`. */
export function assertSameValue(actual: unknown, expected: unknown): void {
  new Comparison().compare(actual, expected, "$");
}

/** Throws unless the condition holds. */
export function check(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new Error(problem);
}

/** Pairs objects as they are met, so that sharing and cycles have to agree. */
class Comparison {
  private readonly actualToExpected = new Map<object, object>();
  private readonly expectedToActual = new Map<object, object>();

  compare(actual: unknown, expected: unknown, path: string): void {
    if (typeof actual !== "object" || actual === null || typeof expected !== "object" || expected === null) {
      check(Object.is(actual, expected), `${path}: ${String(actual)} is not ${String(expected)}`);
      return;
    }
    if (this.actualToExpected.has(actual) || this.expectedToActual.has(expected)) {
      check(this.actualToExpected.get(actual) === expected, `${path}: another object than before`);
      check(this.expectedToActual.get(expected) === actual, `${path}: another object than before`);
      return;
    }
    this.actualToExpected.set(actual, expected);
    this.expectedToActual.set(expected, actual);
    check(kindOf(actual) === kindOf(expected), `${path}: another kind`);
    this.content(actual, expected, path);
  }

  private content(actual: object, expected: object, path: string): void {
    if (expected instanceof Map) return this.lists([...asMap(actual)].flat(), [...expected].flat(), path);
    if (expected instanceof Set) return this.lists([...(actual as Set<unknown>)], [...expected], path);
    if (expected instanceof Error) return this.errors(actual as Error, expected, path);
    const leaf = leafText(expected);
    if (leaf === undefined) return this.members(actual, expected, path);
    return check(leafText(actual) === leaf, `${path}: ${leafText(actual)} is not ${leaf}`);
  }

  private members(actual: object, expected: object, path: string): void {
    const keys = Object.keys(expected);
    check(JSON.stringify(Object.keys(actual)) === JSON.stringify(keys), `${path}: other keys`);
    if (Array.isArray(expected)) check((actual as unknown[]).length === expected.length, `${path}: another length`);
    for (const key of keys) this.compare(valueAt(actual, key), valueAt(expected, key), `${path}.${key}`);
  }

  private lists(actual: readonly unknown[], expected: readonly unknown[], path: string): void {
    check(actual.length === expected.length, `${path}: another size`);
    for (const [index, item] of expected.entries()) this.compare(actual[index], item, `${path}<${index}>`);
  }

  private errors(actual: Error, expected: Error, path: string): void {
    check(Object.hasOwn(actual, "cause") === Object.hasOwn(expected, "cause"), `${path}: cause`);
    for (const key of ["name", "message", "stack", "cause", "errors", "code"]) {
      this.compare(valueAt(actual, key), valueAt(expected, key), `${path}.${key}`);
    }
  }
}

/** The prototype; that of a plain object also for an object without one, which a clone does not keep. */
function kindOf(value: object): unknown {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

function asMap(value: object): ReadonlyMap<unknown, unknown> {
  return value as ReadonlyMap<unknown, unknown>;
}

function valueAt(object: object, key: string): unknown {
  return (object as Readonly<Record<string, unknown>>)[key];
}

/** Content of an object that holds no others, exactly; undefined for one that may. */
function leafText(value: object): string | undefined {
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value).join(" ");
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).join(" ");
  const inside: unknown = typeof value.valueOf === "function" ? value.valueOf() : undefined;
  if (typeof inside === "object" || inside === undefined) return undefined;
  return Object.is(inside, -0) ? "-0" : `${typeof inside} ${JSON.stringify(inside, bigintText)}`;
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" || typeof value === "number" ? value.toString() : value;
}
