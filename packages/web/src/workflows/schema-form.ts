// What a form shows for a JSON Schema (2020-12 and the older words for the same): pure, one node at a time, so that schemas
// that contain themselves are no trouble.
import { isList, isObject, sameJson } from "./json-value.ts";
import type { Json, JsonObject } from "./json-value.ts";

export type Schema = JsonObject;

interface SchemaWords {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** Written where nothing has been entered yet. */
  readonly example?: string | undefined;
  readonly default?: Json | undefined;
  /** Null is taken too. */
  readonly nullable: boolean;
}

export type TextFormat = "text" | "email" | "url" | "date" | "time" | "date-time" | "long" | "password";

export type FormNode = SchemaWords &
  (
    | { readonly kind: "text"; readonly format: TextFormat; readonly lengthMax?: number | undefined }
    | {
        readonly kind: "number";
        readonly whole: boolean;
        readonly min?: number | undefined;
        readonly max?: number | undefined;
      }
    | { readonly kind: "boolean" }
    | { readonly kind: "choice"; readonly values: readonly Json[] }
    | { readonly kind: "fixed"; readonly value: Json }
    | { readonly kind: "list"; readonly items: Schema; readonly min: number; readonly max: number }
    | { readonly kind: "object"; readonly fields: readonly FormField[] }
    | { readonly kind: "variants"; readonly variants: readonly Variant[] }
    /** What no field fits: edited as JSON. */
    | { readonly kind: "json" }
  );

interface FormField {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
}

export interface Variant {
  readonly label: string;
  readonly schema: Schema;
}

/** References followed one after the other before a schema counts as going round in a circle. */
const refsMax = 32;
/** Depth to which starting values are made of themselves. */
const startDepthMax = 12;
const longFromChars = 200;

/** A schema without references and `allOf` at its top; `{}` where that cannot be. */
function resolved(schema: Json | undefined, root: Schema): Schema {
  let current = isObject(schema) ? schema : {};
  for (let count = 0; typeof current["$ref"] === "string"; count++) {
    if (count === refsMax) return {};
    const { $ref, ...beside } = current;
    const target = at(root, $ref);
    if (!isObject(target)) return {};
    current = { ...target, ...beside };
  }
  const { allOf } = current;
  if (!isList(allOf)) return current;
  const { allOf: _, ...beside } = current;
  return [beside, ...allOf.map((each) => resolved(each, root))].reduce(merged, {});
}

/** What `#/$defs/name` names. */
function at(root: Schema, ref: string): Json | undefined {
  if (!ref.startsWith("#")) return undefined;
  let current: Json | undefined = root;
  for (const step of ref.slice(1).split("/").slice(1)) {
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (isList(current)) current = current[Number(name)];
    else if (isObject(current) && Object.hasOwn(current, name)) current = current[name];
    else return undefined;
  }
  return current;
}

function merged(a: Schema, b: Schema): Schema {
  const both: Record<string, Json> = { ...a, ...b };
  if (isObject(a["properties"]) && isObject(b["properties"]))
    both["properties"] = { ...a["properties"], ...b["properties"] };
  if (isList(a["required"]) && isList(b["required"])) both["required"] = [...a["required"], ...b["required"]];
  return both;
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function number(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function exampleOf(schema: Schema): string | undefined {
  const first = isList(schema["examples"]) ? schema["examples"][0] : schema["example"];
  if (first === undefined || first === null) return undefined;
  return typeof first === "string" ? first : JSON.stringify(first);
}

function typesOf(schema: Schema): readonly string[] {
  const { type } = schema;
  if (typeof type === "string") return [type];
  if (isList(type)) return type.filter((each): each is string => typeof each === "string");
  if (isObject(schema["properties"])) return ["object"];
  return schema["items"] === undefined ? [] : ["array"];
}

const isNullSchema = (schema: Schema) => schema["type"] === "null" || ("const" in schema && schema["const"] === null);

/** What the form shows for a schema. */
export function formNode(given: Json | undefined, root: Schema): FormNode {
  const schema = resolved(given, root);
  const words = (nullable: boolean): SchemaWords => ({
    title: text(schema["title"]),
    description: text(schema["description"]),
    example: exampleOf(schema),
    default: schema["default"],
    nullable,
  });
  if ("const" in schema) return { ...words(false), kind: "fixed", value: schema["const"] ?? null };
  if (isList(schema["enum"])) {
    const values = schema["enum"].filter((value) => value !== null);
    return { ...words(values.length < schema["enum"].length), kind: "choice", values };
  }
  const either = schema["oneOf"] ?? schema["anyOf"];
  if (isList(either)) return eitherNode({ schema, either, root, words });
  const types = typesOf(schema);
  const [type, ...others] = types.filter((each) => each !== "null");
  const nullable = types.includes("null");
  if (type === undefined) return { ...words(nullable), kind: "json" };
  if (others.length === 0) return { ...typedNode(type, schema), ...words(nullable) } as FormNode;
  const variants = [type, ...others].map((each) => ({
    label: typeWords[each] ?? each,
    schema: { ...schema, type: each },
  }));
  return { ...words(nullable), kind: "variants", variants };
}

interface Either {
  readonly schema: Schema;
  readonly either: readonly Json[];
  readonly root: Schema;
  readonly words: (nullable: boolean) => SchemaWords;
}

function eitherNode({ schema, either, root, words }: Either): FormNode {
  const { oneOf: _, anyOf: __, ...beside } = schema;
  const all = either.map((each) => resolved(each, root));
  const some = all.filter((each) => !isNullSchema(each));
  const nullable = some.length < all.length;
  if (some.length > 0 && some.every((each) => "const" in each)) {
    return { ...words(nullable), kind: "choice", values: some.map((each) => each["const"] ?? null) };
  }
  const [only, second] = some;
  if (only === undefined) return { ...words(nullable), kind: "fixed", value: null };
  if (second === undefined) {
    const node = formNode(merged(only, beside), root);
    return { ...node, nullable: nullable || node.nullable };
  }
  // What stands beside the alternatives holds for each of them.
  const own = isObject(beside["properties"]) ? { type: "object", properties: beside["properties"] } : {};
  const needed = isList(beside["required"]) ? { required: beside["required"] } : {};
  const variants = some.map((each, index) => ({
    label: variantLabel(each, index),
    schema: Object.keys(own).length === 0 ? each : merged({ ...own, ...needed }, each),
  }));
  return { ...words(nullable), kind: "variants", variants };
}

const typeWords: Readonly<Record<string, string>> = {
  string: "Text",
  number: "Number",
  integer: "Whole number",
  boolean: "Yes or no",
  object: "Object",
  array: "List",
};

/** Its title, what tells it from the others, or its type. */
function variantLabel(schema: Schema, index: number): string {
  const title = text(schema["title"]);
  if (title !== undefined) return title;
  const { properties } = schema;
  for (const each of isObject(properties) ? Object.values(properties) : []) {
    if (isObject(each) && (typeof each["const"] === "string" || typeof each["const"] === "number"))
      return String(each["const"]);
  }
  const type = typesOf(schema)[0];
  if (isObject(properties)) return Object.keys(properties).slice(0, 3).join(", ") || `Variant ${index + 1}`;
  return typeWords[type ?? ""] ?? `Variant ${index + 1}`;
}

const formats: Readonly<Record<string, TextFormat>> = {
  email: "email",
  uri: "url",
  url: "url",
  date: "date",
  time: "time",
  "date-time": "date-time",
  password: "password",
};

function typedNode(type: string, schema: Schema) {
  switch (type) {
    case "string": {
      const lengthMax = number(schema["maxLength"]);
      const long = lengthMax !== undefined && lengthMax > longFromChars;
      const format = formats[text(schema["format"]) ?? ""] ?? (long ? "long" : "text");
      return { kind: "text", format, lengthMax };
    }
    case "number":
    case "integer":
      return {
        kind: "number",
        whole: type === "integer",
        min: number(schema["minimum"]),
        max: number(schema["maximum"]),
      };
    case "boolean":
      return { kind: "boolean" };
    case "array": {
      // A tuple has a schema for each place: no list of the same fields.
      if (isList(schema["prefixItems"]) || !isObject(schema["items"])) return { kind: "json" };
      const max = number(schema["maxItems"]) ?? Number.POSITIVE_INFINITY;
      return { kind: "list", items: schema["items"], min: number(schema["minItems"]) ?? 0, max };
    }
    case "object":
      return objectNode(schema);
    default:
      return { kind: "json" };
  }
}

function objectNode(schema: Schema) {
  const { properties, required, additionalProperties } = schema;
  const named = isObject(properties) ? Object.entries(properties) : [];
  // Names that are free to choose have no fields.
  if (named.length === 0 && additionalProperties !== false) return { kind: "json" };
  const needed: ReadonlySet<unknown> = new Set(isList(required) ? required : []);
  const fields = named.map(([name, each]) => ({
    name,
    schema: isObject(each) ? each : {},
    required: needed.has(name) && !(isObject(each) && "default" in each),
  }));
  return { kind: "object", fields };
}

/** The value a form starts with: defaults, and the shape of what is required. */
export function startValue(schema: Json | undefined, root: Schema, depth = 0): Json | undefined {
  const node = formNode(schema, root);
  if (node.default !== undefined) return node.default;
  if (depth === startDepthMax) return undefined;
  switch (node.kind) {
    case "fixed":
      return node.value;
    case "boolean":
      return false;
    case "text":
      return node.format === "text" || node.format === "long" ? "" : undefined;
    case "list": {
      const item = startValue(node.items, root, depth + 1);
      return Array.from({ length: Math.min(node.min, 8) }, () => item ?? null);
    }
    case "object": {
      const entries = node.fields.map((field) => {
        const { default: preset } = formNode(field.schema, root);
        return [field.name, field.required ? startValue(field.schema, root, depth + 1) : preset] as const;
      });
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as JsonObject;
    }
    case "variants":
      return startValue(node.variants[0]?.schema, root, depth + 1);
    default:
      return undefined;
  }
}

/** How well a value fits a schema: 0 not at all; more for every part that tells it apart. */
export function fit(value: Json | undefined, schema: Json | undefined, root: Schema): number {
  const node = formNode(schema, root);
  if (value === undefined) return 0;
  if (value === null) return node.nullable || (node.kind === "fixed" && node.value === null) ? 1 : 0;
  switch (node.kind) {
    case "fixed":
      return sameJson(node.value, value) ? 10 : 0;
    case "choice":
      return node.values.some((each) => sameJson(each, value)) ? 3 : 0;
    case "text":
      return typeof value === "string" ? 1 : 0;
    case "number":
      return typeof value === "number" && (!node.whole || Number.isInteger(value)) ? 1 : 0;
    case "boolean":
      return typeof value === "boolean" ? 1 : 0;
    case "list":
      return isList(value) ? 1 + (value.length > 0 ? fit(value[0], node.items, root) : 0) : 0;
    case "object":
      return objectFit(value, node.fields, root);
    case "variants":
      return Math.max(...node.variants.map((variant) => fit(value, variant.schema, root)));
    default:
      return 0.5;
  }
}

function objectFit(value: Json, fields: readonly FormField[], root: Schema): number {
  if (!isObject(value)) return 0;
  let points = 1;
  for (const { name, schema, required } of fields) {
    const inside = Object.hasOwn(value, name) ? value[name] : undefined;
    if (inside === undefined) {
      if (required) points -= 0.1;
      continue;
    }
    const node = formNode(schema, root);
    // A mark that says that it is another variant.
    if (node.kind === "fixed" && !sameJson(node.value, inside)) return 0;
    points += node.kind === "fixed" ? 10 : 1;
  }
  return Math.max(points, 0.1);
}

/** Number of the variant the value is of; `chosen` wins as long as the value could be of it. */
export function variantOf(p: {
  readonly variants: readonly Variant[];
  readonly value: Json | undefined;
  readonly root: Schema;
  readonly chosen?: number | undefined;
}): number {
  const points = p.variants.map((variant) => fit(p.value, variant.schema, p.root));
  if (p.chosen !== undefined && (p.value === undefined || (points[p.chosen] ?? 0) > 0)) return p.chosen;
  const best = Math.max(...points);
  return best > 0 ? points.indexOf(best) : 0;
}
