// Judges a run's input by the JSON Schema that a worker exported, for when no worker is up to run the
// real schema. The checking is the library @cfworker/json-schema: it interprets schemas (no generated
// code, a fifth of ajv's memory) and is loaded on first use. This file keeps what would make it err away from it.

/** One thing that is wrong with a value: `path` is a JSON Pointer (RFC 6901), "" for the value itself. */
export interface JsonSchemaIssue {
  readonly path: string;
  readonly message: string;
}

/**
 * What {@link validateJsonSchema} answers. "undecided" is not the value's fault: the schema cannot be
 * used, or the value holds what JSON cannot (a Date, a BigInt, a cycle), and only a worker can tell.
 */
export type JsonSchemaVerdict =
  | { readonly kind: "valid" }
  | { readonly kind: "invalid"; readonly issues: JsonSchemaIssue[] }
  | { readonly kind: "undecided"; readonly reason: string };

/** How many issues of one value are reported. */
export const jsonSchemaIssuesMax = 100;
/** How deep a schema or a value may be nested to be judged here. */
export const jsonSchemaDepthMax = 200;
/** How long an array may be under a schema with `uniqueItems`, whose check takes the square of it. */
export const uniqueItemsLengthMax = 2000;

/** Thrown inside this file only, and turned into "undecided". */
class Undecided extends Error {}

type Schema = boolean | Readonly<Record<string, unknown>>;

/**
 * Validates a value against a JSON Schema of draft 2020-12.
 *
 * `format` is not checked, as the draft has it by default, since libraries differ in what they take;
 * OpenAPI's `nullable` is understood; `$ref` reaches within the schema only. Properties that are
 * undefined count as absent.
 */
export async function validateJsonSchema(schema: unknown, value: unknown): Promise<JsonSchemaVerdict> {
  const { Validator } = await import("@cfworker/json-schema");
  try {
    const features = { uniqueItems: false };
    const usable = usableSchema(schema, features, 0);
    const view = jsonView(value, features.uniqueItems ? uniqueItemsLengthMax : Number.POSITIVE_INFINITY, 0);
    const check = (stopAtFirst: boolean): JsonSchemaVerdict => {
      const result = new Validator(usable, "2020-12", stopAtFirst).validate(view);
      return result.valid ? { kind: "valid" } : { kind: "invalid", issues: issuesOf(result.errors) };
    };
    return orElse(
      () => check(false),
      // The library collects errors as arguments of a call, which a very long wrong array exceeds.
      () => check(true),
    );
  } catch (error) {
    if (error instanceof Undecided) return { kind: "undecided", reason: error.message };
    // An unresolved $ref, a pattern that is no regular expression, a keyword of the wrong type.
    const reason = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    return { kind: "undecided", reason: `the JSON Schema cannot be used: ${reason}` };
  }
}

function orElse<T>(first: () => T, second: () => T): T {
  try {
    return first();
  } catch (error) {
    if (error instanceof RangeError) return second();
    throw error;
  }
}

const plainKeywords = new Set(
  [
    ["$ref", "$anchor", "type", "enum", "const", "required", "dependentRequired", "pattern", "uniqueItems"],
    ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"],
    ["minItems", "maxItems", "minContains", "maxContains", "minProperties", "maxProperties"],
  ].flat(),
);
const schemaKeywords = new Set(
  [
    ["items", "contains", "unevaluatedItems", "additionalProperties", "unevaluatedProperties", "propertyNames"],
    ["not", "if", "then", "else", "prefixItems", "allOf", "anyOf", "oneOf"],
  ].flat(),
);
const schemaMapKeywords = new Set(["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"]);
/** Constraints of other drafts: leaving them out would let wrong values pass. */
const foreignKeywords = new Set(["$dynamicRef", "$recursiveRef", "dependencies", "additionalItems"]);

/**
 * A copy with the keywords that constrain and no others. The library would write into the original,
 * take an `id` among a user's annotations for the schema's address, and check `format`.
 */
function usableSchema(schema: unknown, features: { uniqueItems: boolean }, depth: number): Schema {
  if (typeof schema === "boolean") return schema;
  if (!isRecord(schema)) throw new Undecided("the JSON Schema cannot be used: a part of it is not a schema");
  if (depth > jsonSchemaDepthMax) throw new Undecided(`the JSON Schema is nested deeper than ${jsonSchemaDepthMax}`);
  const inner = (part: unknown): Schema => usableSchema(part, features, depth + 1);
  const copy: Record<string, unknown> = {};
  for (const [keyword, content] of Object.entries(schema)) {
    if (content === undefined) continue;
    if (foreignKeywords.has(keyword))
      throw new Undecided(`the JSON Schema cannot be used: ${keyword} is not supported`);
    if (plainKeywords.has(keyword)) copy[keyword] = structuredClone(content);
    else if (schemaKeywords.has(keyword)) copy[keyword] = Array.isArray(content) ? content.map(inner) : inner(content);
    else if (schemaMapKeywords.has(keyword)) copy[keyword] = mapValues(content, inner);
    if (keyword === "uniqueItems" && content === true) features.uniqueItems = true;
  }
  return schema["nullable"] === true ? { anyOf: [copy, { type: "null" }] } : copy;
}

function mapValues(content: unknown, map: (part: unknown) => Schema): Record<string, Schema> {
  if (!isRecord(content)) throw new Undecided("the JSON Schema cannot be used: a part of it is not an object");
  return Object.fromEntries(Object.entries(content).map(([name, part]) => [name, map(part)]));
}

/** The value as JSON would carry it, without a prototype that its keys could meet. */
function jsonView(value: unknown, arrayLengthMax: number, depth: number): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (depth > jsonSchemaDepthMax) throw new Undecided(`the value is nested deeper than ${jsonSchemaDepthMax}`);
  if (Array.isArray(value)) {
    if (value.length > arrayLengthMax) throw new Undecided(`uniqueItems is checked up to ${arrayLengthMax} items`);
    return value.map((item) => jsonView(item ?? null, arrayLengthMax, depth + 1));
  }
  if (!isPlain(value)) throw new Undecided(`the value holds ${nameOf(value)}, which JSON Schema cannot judge`);
  const view = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) view[key] = jsonView(item, arrayLengthMax, depth + 1);
  }
  return view;
}

/** Keywords whose error only says that one of a part follows. */
const containerKeywords = new Set(
  [
    ["$ref", "allOf", "if", "properties", "patternProperties", "additionalProperties", "unevaluatedProperties"],
    ["dependentSchemas", "propertyNames", "items", "prefixItems", "unevaluatedItems"],
  ].flat(),
);

function issuesOf(errors: readonly { keyword: string; instanceLocation: string; error: string }[]): JsonSchemaIssue[] {
  const issues = new Map<string, JsonSchemaIssue>();
  for (const { keyword, instanceLocation, error } of errors) {
    if (containerKeywords.has(keyword)) continue;
    const path = decodeURIComponent(instanceLocation.slice(1));
    const message = keyword === "false" ? "Nothing is allowed here." : error;
    issues.set(`${path}\n${message}`, { path, message });
    if (issues.size === jsonSchemaIssuesMax) break;
  }
  return [...issues.values()];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function nameOf(value: unknown): string {
  if (typeof value === "number" || value === undefined) return String(value);
  return typeof value === "object" ? Object.prototype.toString.call(value).slice(8, -1) : `a ${typeof value}`;
}
