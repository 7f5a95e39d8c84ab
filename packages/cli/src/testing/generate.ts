// Inputs made from schemas: fast-check arbitraries for what a Standard Schema or a JSON Schema describes.
import fc from "fast-check";
import type { Arbitrary } from "fast-check";
import { toJsonSchema } from "@sluice/sdk";
import type { InferInput, InputOf, StandardSchemaV1, Workflow } from "@sluice/sdk";
import { jsonSchemaArbitrary } from "./generate-json-schema.ts";

/** A schema of zod 4, as far as its own parts are looked at. */
interface ZodDefinition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, StandardSchemaV1>>;
  readonly element?: StandardSchemaV1;
  readonly innerType?: StandardSchemaV1;
  readonly options?: readonly StandardSchemaV1[];
  readonly items?: readonly StandardSchemaV1[];
  readonly keyType?: StandardSchemaV1;
  readonly valueType?: StandardSchemaV1;
  readonly in?: StandardSchemaV1;
  readonly getter?: () => StandardSchemaV1;
}

const isStandard = (schema: unknown): schema is StandardSchemaV1 =>
  (typeof schema === "object" || typeof schema === "function") && schema !== null && "~standard" in schema;

/** A seed and a number that together decide what is made. */
export interface GenerateOptions {
  readonly seed?: number;
  /** How many; 20 by default. */
  readonly count?: number;
}

const countDefault = 20;

/**
 * A fast-check arbitrary of what a schema takes: of zod or any library that offers a JSON Schema, or of a JSON Schema (draft
 * 2020-12). What the schema itself refuses, by a refinement for one, is left out. Throws a `TypeError` for what has no data
 * to be made of.
 */
export function arbitraryOf<S extends StandardSchemaV1>(schema: S): Arbitrary<InferInput<S>>;
export function arbitraryOf(schema: Readonly<Record<string, unknown>>): Arbitrary<unknown>;
export function arbitraryOf(schema: StandardSchemaV1 | Readonly<Record<string, unknown>>): Arbitrary<unknown> {
  if (!isStandard(schema)) return jsonSchemaArbitrary(schema);
  return standardArbitrary(schema, 0).filter((value) => accepts(schema, value));
}

/** An arbitrary of the inputs of a workflow that has an input schema. */
export function inputsOf<W extends Workflow>(workflow: W): Arbitrary<InputOf<W>> {
  const { input } = workflow.options;
  if (input === undefined) throw new TypeError(`Workflow ${workflow.name} has no input schema to make data of.`);
  return arbitraryOf(input) as Arbitrary<InputOf<W>>;
}

/** Values made of a schema, a JSON Schema or an arbitrary, such as that of `inputsOf`; the same seed makes the same ones. */
export function generate<T>(arbitrary: Arbitrary<T>, options?: GenerateOptions): T[];
export function generate<S extends StandardSchemaV1>(schema: S, options?: GenerateOptions): InferInput<S>[];
export function generate(schema: Readonly<Record<string, unknown>>, options?: GenerateOptions): unknown[];
export function generate(
  of: Arbitrary<unknown> | StandardSchemaV1 | Readonly<Record<string, unknown>>,
  options: GenerateOptions = {},
): unknown[] {
  const { seed = 1, count = countDefault } = options;
  return fc.sample(isArbitrary(of) ? of : arbitraryOf(of as StandardSchemaV1), { seed, numRuns: count });
}

/** Of whichever copy of fast-check made it. */
function isArbitrary(of: unknown): of is Arbitrary<unknown> {
  return typeof of === "object" && of !== null && "generate" in of && "shrink" in of && !("~standard" in of);
}

/** An asynchronous schema decides too late to choose by. */
function accepts(schema: StandardSchemaV1, value: unknown): boolean {
  const result = schema["~standard"].validate(value);
  return result instanceof Promise || result.issues === undefined;
}

const depthMax = 4;

function standardArbitrary(schema: StandardSchemaV1, depth: number): Arbitrary<unknown> {
  const json = toJsonSchema(schema);
  if (json !== undefined) return jsonSchemaArbitrary(json);
  const definition = definitionOf(schema);
  if (definition === undefined) {
    throw new TypeError("This schema offers no JSON Schema: make its data with fast-check, or pass a JSON Schema.");
  }
  return zodArbitrary(definition, depth + 1);
}

function definitionOf(schema: StandardSchemaV1): ZodDefinition | undefined {
  const zod = (schema as { readonly _zod?: { readonly def?: ZodDefinition } })._zod;
  return zod?.def;
}

/** What JSON Schema cannot say, and what holds it. */
function zodArbitrary(definition: ZodDefinition, depth: number): Arbitrary<unknown> {
  const of = (part: StandardSchemaV1 | undefined): Arbitrary<unknown> => {
    if (part === undefined) throw new TypeError(`A zod schema of type ${definition.type} is not as expected.`);
    return standardArbitrary(part, depth);
  };
  const maxLength = depth > depthMax ? 0 : undefined;
  const some = maxLength === undefined ? {} : { maxLength };
  switch (definition.type) {
    case "date":
      return fc.date({ noInvalidDate: true });
    case "bigint":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n });
    case "undefined":
    case "void":
      return fc.constant(undefined);
    case "nan":
      return fc.constant(Number.NaN);
    case "object":
      return fc.record(
        Object.fromEntries(Object.entries(definition.shape ?? {}).map(([key, part]) => [key, of(part)])),
      );
    case "array":
      return fc.array(of(definition.element), some);
    case "tuple":
      return fc.tuple(...(definition.items ?? []).map(of));
    case "optional":
    case "default":
    case "prefault":
      return fc.option(of(definition.innerType), { nil: undefined });
    case "nullable":
      return fc.option(of(definition.innerType), { nil: null });
    case "readonly":
    case "nonoptional":
    case "catch":
      return of(definition.innerType);
    case "union":
      return fc.oneof(...(definition.options ?? []).map(of));
    case "record":
      return fc.dictionary(of(definition.keyType) as Arbitrary<string>, of(definition.valueType));
    case "map":
      return fc.array(fc.tuple(of(definition.keyType), of(definition.valueType)), some).map((pairs) => new Map(pairs));
    case "set":
      return fc.array(of(definition.valueType), some).map((items) => new Set(items));
    case "pipe":
      return of(definition.in);
    case "lazy":
      return of(definition.getter?.());
    default:
      throw new TypeError(`There is no data to be made of a zod schema of type ${definition.type}.`);
  }
}
