// Users bring their own schema library. Standard Schema is the interface that zod, Valibot, ArkType
// and others share, so that none of them is imported here.

/**
 * A schema of any library that implements Standard Schema, version 1. The interfaces in this file
 * follow `@standard-schema/spec` 1.1 (https://standardschema.dev), whose authors invite copying them;
 * they are written without its namespaces and are structurally the same.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly "~standard": StandardSchemaProps<Input, Output>;
}

/** What stands under `~standard`. */
interface StandardSchemaProps<Input = unknown, Output = Input> {
  readonly version: 1;
  /** The library's name. */
  readonly vendor: string;
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  /** Carries the types only; never present at run time. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
}

/** What `validate` answers: a value, or issues. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema takes. */
export type InferInput<Schema extends StandardSchemaV1> = NonNullable<Schema["~standard"]["types"]>["input"];

/** What a schema makes of it. */
export type InferOutput<Schema extends StandardSchemaV1> = NonNullable<Schema["~standard"]["types"]>["output"];

/** An issue as this product reports it: `path` is a JSON Pointer (RFC 6901), "" for the value itself. */
interface SchemaIssue {
  readonly path: string;
  readonly message: string;
}

/** What {@link validateWithSchema} answers. */
export type SchemaResult<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly issues: SchemaIssue[] };

/** How many issues of one value are reported. */
export const schemaIssuesMax = 100;

/** A value under the `~standard` key of this version, whatever library it comes from. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  const props = standardPropsOf(value);
  return props?.["version"] === 1 && typeof props["validate"] === "function";
}

/**
 * Validates a value; `value` of the answer is what the schema made of it.
 *
 * A schema is user code: what it throws, rather than reports as an issue, is passed on. Of more than
 * {@link schemaIssuesMax} issues the last one says how many there are in all.
 */
export async function validateWithSchema<Schema extends StandardSchemaV1>(
  schema: Schema,
  value: unknown,
): Promise<SchemaResult<InferOutput<Schema>>> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return { ok: true, value: result.value };
  const issues = result.issues.slice(0, schemaIssuesMax).map(toSchemaIssue);
  if (result.issues.length > schemaIssuesMax) {
    issues[schemaIssuesMax - 1] = { path: "", message: `${result.issues.length} issues in all` };
  }
  return { ok: false, issues };
}

/**
 * The JSON Schema (draft 2020-12) of what a schema takes, where its library offers one: through the
 * Standard JSON Schema interface (zod from 4.2, Valibot by `toStandardJsonSchema`, ArkType from 2.1.28)
 * or a `toJsonSchema()` method (earlier ArkType). Undefined where it offers none, or where the schema
 * holds what JSON Schema cannot say, such as a Date. Checks in code, zod's `refine` for one, are not in it.
 */
export function toJsonSchema(schema: StandardSchemaV1): Readonly<Record<string, unknown>> | undefined {
  const converter = standardPropsOf(schema)?.["jsonSchema"];
  if (isObject(converter) && typeof converter["input"] === "function") {
    const { input } = converter;
    return exported(() => input.call(converter, { target: "draft-2020-12" }));
  }
  const method = "toJsonSchema" in schema ? schema.toJsonSchema : undefined;
  return typeof method === "function" ? exported(() => method.call(schema)) : undefined;
}

/** Libraries throw for a schema that JSON Schema cannot express: that is an answer, not a failure. */
function exported(convert: () => unknown): Readonly<Record<string, unknown>> | undefined {
  let jsonSchema: unknown;
  try {
    jsonSchema = convert();
  } catch {
    return undefined;
  }
  return isObject(jsonSchema) ? jsonSchema : undefined;
}

function toSchemaIssue({ message, path = [] }: StandardIssue): SchemaIssue {
  const keys = path.map((segment) => String(typeof segment === "object" ? segment.key : segment));
  return { path: keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""), message };
}

function standardPropsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const props = isObject(value) ? value["~standard"] : undefined;
  return isObject(props) ? props : undefined;
}

/** Some libraries make their schemas functions, ArkType for one. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
