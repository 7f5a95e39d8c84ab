// Values as JSON, for people and programs that read them over the HTTP API. One way: JSON says less than a value does.
import { pathText, valueDepthMax, ValueNotSerializableError } from "./value-format.ts";
import { defineOwn } from "./msgpack-reader.ts";
import type { PathStep } from "./value-format.ts";

/** Holes of arrays that are written as null, in all of one value; an array past them is written as `$sparse`. */
export const jsonHolesMax = 1_024;
/**
 * Characters, about, that objects which stand in a value more than once may add by being written out again. It keeps a few
 * bytes of references from becoming gigabytes of JSON.
 */
export const jsonRepeatCharsMax = 65_536;

/** JSON as a tree; `JSON.stringify` writes it without loss. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

interface Written {
  /** The object that holds it where it was met first, and the step from there. */
  readonly parent: Written | undefined;
  readonly step: PathStep;
  /** Undefined while the object is still open: a reference to it is a cycle. */
  json: JsonValue | undefined;
  /** Characters, about, that it takes. */
  chars: number;
}

/**
 * A value as JSON:
 *
 * | value | JSON |
 * |---|---|
 * | null, boolean, string, finite number | itself (−0 is 0) |
 * | NaN, Infinity, −Infinity | `"NaN"`, `"Infinity"`, `"-Infinity"` |
 * | undefined | the key is left out; null at the root, in an array, a Set or a Map |
 * | BigInt | string of decimal digits |
 * | Date | ISO 8601 string in UTC with milliseconds; null when invalid |
 * | RegExp | string `/source/flags` |
 * | Boolean, Number, String, BigInt object | as the primitive inside |
 * | array | array; holes are null, past `jsonHolesMax` of them `{"$sparse": length, "items": {index: value}}`; named properties are left out |
 * | object | object |
 * | Map | object when every key is a string, else array of `[key, value]` |
 * | Set | array |
 * | ArrayBuffer, Uint8Array, Uint8ClampedArray, DataView | string, base64 of the bytes |
 * | other typed array | array of numbers, or of decimal strings for BigInt elements |
 * | Error | `{name, message, code?, cause?, errors?}`, never the stack |
 * | an object inside itself | `{"$ref": "$.path"}` to where it began |
 * | an object a second time | written out again while that adds less than `jsonRepeatCharsMax`, then `{"$ref": "$.path"}` |
 *
 * Throws `ValueNotSerializableError` for what `encodeValue` would refuse: functions, symbols, too deep nesting.
 */
export function valueToJson(value: unknown): JsonValue {
  return new JsonWalk().convert(value, 0);
}

class JsonWalk {
  private readonly path: PathStep[] = [];
  private readonly written = new Map<object, Written>();
  /** The objects being written, by their depth. */
  private readonly open: Written[] = [];
  private chars = 0;
  private repeatedChars = 0;
  private holes = 0;

  convert(value: unknown, depth: number): JsonValue {
    this.chars += 5;
    switch (typeof value) {
      case "string":
        return this.text(value);
      case "boolean":
        return value;
      case "number":
        return numberJson(value);
      case "bigint":
        return this.text(value.toString());
      case "undefined":
        return null;
      case "object":
        return value === null ? null : this.object(value, depth);
      default:
        throw this.refused(`is a ${typeof value}`, depth);
    }
  }

  private text(text: string): string {
    this.chars += text.length;
    return text;
  }

  private refused(problem: string, depth: number): ValueNotSerializableError {
    const path = pathText(this.path.slice(0, depth));
    return new ValueNotSerializableError({ path, problem, hint: "It has no JSON form." });
  }

  private object(value: object, depth: number): JsonValue {
    const before = this.written.get(value);
    if (before !== undefined) return this.again(before);
    if (depth >= valueDepthMax) throw this.refused(`nests deeper than ${valueDepthMax} levels`, depth);
    const parent = depth === 0 ? undefined : this.open[depth - 1];
    const entry: Written = { parent, step: this.path[depth - 1] ?? "", json: undefined, chars: 0 };
    this.written.set(value, entry);
    this.open[depth] = entry;
    const start = this.chars;
    entry.json = this.anew(value, depth);
    entry.chars = this.chars - start;
    return entry.json;
  }

  private again(before: Written): JsonValue {
    if (before.json === undefined || this.repeatedChars + before.chars > jsonRepeatCharsMax) {
      return { $ref: this.text(pathOf(before)) };
    }
    this.repeatedChars += before.chars;
    this.chars += before.chars;
    return before.json;
  }

  private anew(value: object, depth: number): JsonValue {
    if (Array.isArray(value)) return this.array(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (value instanceof Map) return this.map(value, depth);
    if (value instanceof Set) return this.list([...value], depth);
    if (value instanceof Error) return this.error(value, depth);
    if (value instanceof RegExp) return this.text(String(value));
    if (value instanceof ArrayBuffer) return this.text(base64(new Uint8Array(value)));
    if (ArrayBuffer.isView(value)) return this.view(value, depth);
    if (isBoxed(value)) return this.convert(value.valueOf(), depth);
    return this.members(Object.entries(value), depth);
  }

  private child(step: PathStep, value: unknown, depth: number): JsonValue {
    this.path[depth] = step;
    return this.convert(value, depth + 1);
  }

  private list(values: readonly unknown[], depth: number): JsonValue {
    return values.map((value, index) => this.child(index, value, depth));
  }

  private members(entries: readonly (readonly [string, unknown])[], depth: number): Record<string, JsonValue> {
    const json: Record<string, JsonValue> = {};
    for (const [key, value] of entries) {
      if (value === undefined) continue;
      this.text(key);
      const member = this.child(key, value, depth);
      if (key === "__proto__") defineOwn(json, key, member);
      else json[key] = member;
    }
    return json;
  }

  private array(values: readonly unknown[], depth: number): JsonValue {
    const present = Object.keys(values).filter((key) => String(Number(key) >>> 0) === key);
    this.holes += values.length - present.length;
    if (this.holes <= jsonHolesMax) return this.list(Array.from(values), depth);
    const items: Record<string, JsonValue> = {};
    for (const key of present) {
      const index = Number(key);
      items[this.text(key)] = this.child(index, values[index], depth);
    }
    return { $sparse: values.length, items };
  }

  private map(map: ReadonlyMap<unknown, unknown>, depth: number): JsonValue {
    const entries = [...map];
    if (hasStringKeys(entries)) return this.members(entries, depth);
    return entries.map(([key, value], index) => {
      const pair = [this.child(-2 * index - 1, key, depth), this.child(-2 * index - 2, value, depth)];
      return pair;
    });
  }

  private error(error: Error, depth: number): JsonValue {
    const { code } = error as { readonly code?: unknown };
    const { errors } = error as { readonly errors?: unknown };
    const parts: [string, unknown][] = [
      ["name", error.name],
      ["message", error.message],
    ];
    if (typeof code === "string" || typeof code === "number") parts.push(["code", code]);
    if (error.cause !== undefined) parts.push(["cause", error.cause]);
    if (error instanceof AggregateError && Array.isArray(errors)) parts.push(["errors", errors]);
    return this.members(parts, depth);
  }

  private view(view: ArrayBufferView, depth: number): JsonValue {
    if (view instanceof DataView || view instanceof Uint8Array || view instanceof Uint8ClampedArray) {
      return this.text(base64(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)));
    }
    return this.list(Array.from(view as unknown as ArrayLike<unknown>), depth);
  }
}

function pathOf(written: Written): string {
  const steps: PathStep[] = [];
  for (let at = written; at.parent !== undefined; at = at.parent) steps.unshift(at.step);
  return pathText(steps);
}

function numberJson(value: number): JsonValue {
  return Number.isFinite(value) ? value + 0 : String(value);
}

const boxedTags: ReadonlySet<string> = new Set([
  "[object Boolean]",
  "[object Number]",
  "[object String]",
  "[object BigInt]",
]);

function isBoxed(value: object): boolean {
  return boxedTags.has(Object.prototype.toString.call(value));
}

function hasStringKeys(entries: readonly (readonly [unknown, unknown])[]): entries is readonly [string, unknown][] {
  return entries.every(([key]) => typeof key === "string");
}

/** Bytes that are turned into characters in one call; more would not fit on the stack. */
const base64StepBytes = 8_192;

/** Standard base64, with padding. */
export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let start = 0; start < bytes.length; start += base64StepBytes) {
    binary += String.fromCharCode(...bytes.subarray(start, start + base64StepBytes));
  }
  return btoa(binary);
}
