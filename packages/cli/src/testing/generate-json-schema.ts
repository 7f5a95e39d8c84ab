// Data from JSON Schema (draft 2020-12, https://json-schema.org/draft/2020-12): the keywords that shape data, none that only name it.
import fc from "fast-check";
import type { Arbitrary } from "fast-check";

type Schema = Readonly<Record<string, unknown>>;

/** Schemas inside each other past this are cut off where they may be: a recursive one never ends. */
const depthMax = 5;
const arrayItemsDefault = 5;
const extraKeysMax = 2;

/** An arbitrary of what a JSON Schema allows. Throws a `TypeError` for a reference that leads nowhere. */
export function jsonSchemaArbitrary(schema: Schema): Arbitrary<unknown> {
  return new Maker(schema).make(schema, 0);
}

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
const schemas = (value: unknown): readonly Schema[] => (Array.isArray(value) ? (value as Schema[]) : []);
const numberOr = <D>(value: unknown, fallback: D): number | D => (typeof value === "number" ? value : fallback);

class Maker {
  readonly #root: Schema;

  constructor(root: Schema) {
    this.#root = root;
  }

  make(schema: Schema | boolean, depth: number): Arbitrary<unknown> {
    if (schema === true) return fc.jsonValue({ maxDepth: 1 });
    if (schema === false) throw new TypeError("The schema `false` allows nothing.");
    if (typeof schema["$ref"] === "string") return this.make(this.#find(schema["$ref"]), depth + 1);
    if ("const" in schema) return fc.constant(schema["const"]);
    if (Array.isArray(schema["enum"])) return fc.constantFrom(...(schema["enum"] as unknown[]));
    const choices = schemas(schema["anyOf"] ?? schema["oneOf"]);
    if (choices.length > 0) return this.#choose(schema, choices, depth);
    const parts = schemas(schema["allOf"]);
    if (parts.length > 0)
      return this.make(merged([without(schema, "allOf"), ...parts.map((part) => this.#resolve(part))]), depth);
    return this.#ofType(schema, depth);
  }

  /** The simplest ones only where it is deep enough. */
  #choose(schema: Schema, choices: readonly Schema[], depth: number): Arbitrary<unknown> {
    const rest = without(without(schema, "anyOf"), "oneOf");
    const leaves = choices.filter((choice) => !isDeep(choice));
    const taken = depth > depthMax && leaves.length > 0 ? leaves : choices;
    return fc.oneof(...taken.map((choice) => this.make(merged([rest, this.#resolve(choice)]), depth + 1)));
  }

  #resolve(schema: Schema): Schema {
    return typeof schema["$ref"] === "string" ? { ...this.#find(schema["$ref"]), ...without(schema, "$ref") } : schema;
  }

  #find(reference: string): Schema {
    let at: unknown = this.#root;
    for (const step of reference.replace(/^#\/?/, "").split("/").filter(Boolean)) {
      at = (at as Schema | undefined)?.[step.replaceAll("~1", "/").replaceAll("~0", "~")];
    }
    if (typeof at === "object" && at !== null) return at as Schema;
    throw new TypeError(`The schema refers to ${reference}, which is not there.`);
  }

  #ofType(schema: Schema, depth: number): Arbitrary<unknown> {
    const type = schema["type"] ?? guessed(schema);
    if (Array.isArray(type))
      return fc.oneof(...type.map((each: unknown) => this.#ofType({ ...schema, type: each }, depth)));
    switch (type) {
      case "string":
        return textOf(schema);
      case "integer":
        return integerOf(schema);
      case "number":
        return numberOf(schema);
      case "boolean":
        return fc.boolean();
      case "null":
        return fc.constant(null);
      case "array":
        return this.#array(schema, depth);
      case "object":
        return this.#object(schema, depth);
      default:
        return fc.jsonValue({ maxDepth: 1 });
    }
  }

  #array(schema: Schema, depth: number): Arbitrary<unknown> {
    const first = schemas(schema["prefixItems"]).map((item) => this.make(item, depth + 1));
    const minLength = Math.max(0, numberOr(schema["minItems"], 0) - first.length);
    const most = numberOr(schema["maxItems"], first.length + minLength + arrayItemsDefault) - first.length;
    const items = (schema["items"] ?? first.length === 0) as Schema | boolean;
    if (items === false || most <= 0) return fc.tuple(...first);
    const maxLength = depth > depthMax ? minLength : most;
    // A tail that may be empty is not made at all where it is deep enough: it may be this schema again.
    if (maxLength === 0) return fc.tuple(...first);
    const rest = this.make(items, depth + 1);
    const tail =
      schema["uniqueItems"] === true
        ? fc.uniqueArray(rest, { minLength, maxLength, selector: (item) => JSON.stringify(item) })
        : fc.array(rest, { minLength, maxLength });
    return fc.tuple(fc.tuple(...first), tail).map(([head, end]) => [...head, ...end]);
  }

  #object(schema: Schema, depth: number): Arbitrary<unknown> {
    const properties = (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>;
    const required = texts(schema["required"]);
    const wanted = Object.entries(properties).filter(([key]) => depth <= depthMax || required.includes(key));
    const own = Object.fromEntries(wanted.map(([key, part]) => [key, this.make(part, depth + 1)]));
    const record = fc.record(own, { requiredKeys: required.filter((key) => key in own) });
    const more = schema["additionalProperties"];
    if (typeof more !== "object" || more === null || depth > depthMax) return record;
    const names = schema["propertyNames"] as Schema | undefined;
    const key = (names === undefined ? fc.string({ minLength: 1 }) : this.make(names, depth + 1)) as Arbitrary<string>;
    const closed = isClosed(names);
    const extra = closed
      ? this.#closed(names, more as Schema, depth)
      : fc.dictionary(key, this.make(more as Schema, depth + 1), { maxKeys: extraKeysMax });
    return fc.tuple(extra, record).map(([others, known]) => ({ ...others, ...known }));
  }

  /** A record over a closed set of keys has all of them. */
  #closed(
    names: { readonly enum: readonly unknown[] },
    part: Schema,
    depth: number,
  ): Arbitrary<Record<string, unknown>> {
    return fc.record(Object.fromEntries(texts(names.enum).map((name) => [name, this.make(part, depth + 1)])));
  }
}

function isClosed(names: Schema | undefined): names is { readonly enum: readonly unknown[] } {
  return names !== undefined && Array.isArray(names["enum"]);
}

function isDeep(schema: Schema): boolean {
  const { type } = schema;
  return "$ref" in schema || type === "object" || type === "array" || "anyOf" in schema || "oneOf" in schema;
}

function guessed(schema: Schema): string | undefined {
  if ("properties" in schema || "required" in schema) return "object";
  if ("items" in schema || "prefixItems" in schema) return "array";
  if ("pattern" in schema || "minLength" in schema || "format" in schema) return "string";
  return "minimum" in schema || "maximum" in schema ? "number" : undefined;
}

function without(schema: Schema, key: string): Schema {
  const { [key]: _gone, ...rest } = schema;
  return rest;
}

/** Several schemas that all hold, as one. */
function merged(parts: readonly Schema[]): Schema {
  const all: Record<string, unknown> = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) {
      if (key === "properties") all[key] = { ...(all[key] as object | undefined), ...(value as object) };
      else if (key === "required") all[key] = [...new Set([...texts(all[key]), ...texts(value)])];
      else all[key] = value;
    }
  }
  return all;
}

const formats: Readonly<Record<string, () => Arbitrary<string>>> = {
  email: () => fc.emailAddress(),
  uri: () => fc.webUrl(),
  url: () => fc.webUrl(),
  uuid: () => fc.uuid(),
  hostname: () => fc.domain(),
  ipv4: () => fc.ipV4(),
  ipv6: () => fc.ipV6(),
  "date-time": () => moment().map((date) => date.toISOString()),
  date: () => moment().map((date) => date.toISOString().slice(0, 10)),
  time: () => moment().map((date) => date.toISOString().slice(11, 19)),
};

/** Four digits are what a year has in ISO 8601. */
function moment(): Arbitrary<Date> {
  return fc.date({ noInvalidDate: true, min: new Date("1970-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z") });
}

function textOf(schema: Schema): Arbitrary<string> {
  const minLength = numberOr(schema["minLength"], 0);
  const maxLength = numberOr(schema["maxLength"], undefined);
  const pattern = typeof schema["pattern"] === "string" ? new RegExp(schema["pattern"], "u") : undefined;
  const format = typeof schema["format"] === "string" ? formats[schema["format"]]?.() : undefined;
  const fits = (text: string): boolean =>
    text.length >= minLength && (maxLength === undefined || text.length <= maxLength) && (pattern?.test(text) ?? true);
  if (format !== undefined) return format.filter(fits);
  if (pattern !== undefined) return fc.stringMatching(pattern).filter(fits);
  return fc.string({ minLength, ...(maxLength === undefined ? {} : { maxLength }) });
}

function integerOf(schema: Schema): Arbitrary<number> {
  const step = numberOr(schema["multipleOf"], 1);
  const above = numberOr(schema["exclusiveMinimum"], undefined);
  const below = numberOr(schema["exclusiveMaximum"], undefined);
  const min = Math.max(
    numberOr(schema["minimum"], Number.MIN_SAFE_INTEGER),
    above === undefined ? Number.MIN_SAFE_INTEGER : Math.floor(above) + 1,
  );
  const max = Math.min(
    numberOr(schema["maximum"], Number.MAX_SAFE_INTEGER),
    below === undefined ? Number.MAX_SAFE_INTEGER : Math.ceil(below) - 1,
  );
  return fc.integer({ min: Math.ceil(min / step), max: Math.floor(max / step) }).map((count) => count * step);
}

function numberOf(schema: Schema): Arbitrary<number> {
  if (typeof schema["multipleOf"] === "number") return integerOf(schema);
  const above = numberOr(schema["exclusiveMinimum"], undefined);
  const below = numberOr(schema["exclusiveMaximum"], undefined);
  const min = numberOr(schema["minimum"], above);
  const max = numberOr(schema["maximum"], below);
  return fc
    .double({
      noNaN: true,
      noDefaultInfinity: true,
      ...(min === undefined ? {} : { min, minExcluded: min === above }),
      ...(max === undefined ? {} : { max, maxExcluded: max === below }),
    })
    .map((value) => (Object.is(value, -0) ? 0 : value));
}
