// Schemas as zod exports them and as people write them; values that must pass, must not, and cannot
// be judged; and that nothing hostile in either hangs or crashes the engine.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { z } from "zod";
import {
  type JsonSchemaIssue,
  jsonSchemaDepthMax,
  jsonSchemaIssuesMax,
  uniqueItemsLengthMax,
  validateJsonSchema,
} from "./json-schema.ts";

async function issuesOf(schema: unknown, value: unknown): Promise<JsonSchemaIssue[]> {
  const verdict = await validateJsonSchema(schema, value);
  if (verdict.kind === "undecided") throw new Error(verdict.reason);
  return verdict.kind === "valid" ? [] : verdict.issues;
}

async function reasonOf(schema: unknown, value: unknown): Promise<string> {
  const verdict = await validateJsonSchema(schema, value);
  return verdict.kind === "undecided" ? verdict.reason : verdict.kind;
}

const Address = z
  .object({ street: z.string(), zip: z.string().regex(/^\d{4}$/) })
  .meta({ id: "Address", example: { id: "#x" } });
const Order = z.object({
  id: z.string().min(1).max(10),
  mail: z.email(),
  total: z.number().nonnegative(),
  count: z.number().int().optional(),
  home: Address,
  work: Address.nullable(),
  tags: z.array(z.enum(["eu", "us"])).max(3),
  pair: z.tuple([z.string(), z.number()]),
  extra: z.record(z.string(), z.number()).default({}),
  pay: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("card"), number: z.string() }),
    z.object({ kind: z.literal("cash") }),
  ]),
  note: z.any(),
});
const order = {
  id: "o-1",
  mail: "a@b.pt",
  total: 5,
  home: { street: "Rua", zip: "1000" },
  work: null,
  tags: ["eu"],
  pair: ["a", 1],
  pay: { kind: "cash" },
  note: null,
  more: "is allowed",
};
const orderSchema = Order["~standard"].jsonSchema.input({ target: "draft-2020-12" });

describe("a schema as zod exports it", () => {
  test("takes what zod takes", async () => {
    expect(Order.safeParse(order).success).toBe(true);
    expect(await issuesOf(orderSchema, order)).toEqual([]);
    expect(await issuesOf(orderSchema, { ...order, count: 3, extra: { a: 1 }, note: { deep: [null] } })).toEqual([]);
  });

  test.each<[string, Record<string, unknown>]>([
    ["/id", { id: "" }],
    ["/id", { id: "x".repeat(11) }],
    ["/mail", { mail: "nobody" }],
    ["/total", { total: -1 }],
    ["/total", { total: "5" }],
    ["/count", { count: 1.5 }],
    ["/home/zip", { home: { street: "Rua", zip: "x" } }],
    ["/work", { work: "Rua" }],
    ["/tags/1", { tags: ["eu", "pt"] }],
    ["/tags", { tags: ["eu", "eu", "eu", "eu"] }],
    ["/pair/1", { pair: ["a", "b"] }],
    ["/pair", { pair: ["a"] }],
    ["/pair/2", { pair: ["a", 1, 2] }],
    ["/extra/a", { extra: { a: "1" } }],
    ["/pay", { pay: { kind: "cheque" } }],
    ["", { home: undefined }],
  ])("refuses, at %p, what zod refuses: %p", async (path, change) => {
    const value = { ...order, ...change };
    expect(Order.safeParse(value).success).toBe(false);
    const issues = await issuesOf(orderSchema, value);
    expect(issues.map((issue) => issue.path)).toContain(path);
    for (const issue of issues) expect(issue.message).not.toBe("");
  });

  test("reports all that is wrong at once", async () => {
    const paths = (await issuesOf(orderSchema, { ...order, id: 1, total: -1, home: {} })).map((issue) => issue.path);
    expect(paths).toEqual(expect.arrayContaining(["/id", "/total", "/home"]));
  });

  test("recursive", async () => {
    const Tree = z.object({
      name: z.string(),
      get children() {
        return z.array(Tree);
      },
    });
    const schema = Tree["~standard"].jsonSchema.input({ target: "draft-2020-12" });
    const leaf = (name: unknown): unknown => ({ name, children: [] });
    expect(await issuesOf(schema, { name: "a", children: [leaf("b"), leaf("c")] })).toEqual([]);
    const issues = await issuesOf(schema, { name: "a", children: [leaf("b"), leaf(5)] });
    expect(issues.map((issue) => issue.path)).toEqual(["/children/1/name"]);
  });

  test("agrees with zod about any JSON value", async () => {
    const Any = z.object({
      a: z.union([z.string().max(3), z.number().int().min(0).max(10)]).optional(),
      b: z.array(z.nullable(z.boolean())).min(1).optional(),
      c: z.strictObject({ d: z.literal([1, "x"]) }).optional(),
    });
    const schema = Any["~standard"].jsonSchema.input({ target: "draft-2020-12" });
    const part = fc.oneof(
      fc.string({ maxLength: 5 }),
      fc.integer({ min: -3, max: 14 }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
    );
    const object = fc.record(
      {
        a: part,
        b: fc.oneof(part, fc.array(fc.oneof(fc.boolean(), part), { maxLength: 3 })),
        c: fc.oneof(part, fc.record({ d: fc.oneof(fc.constantFrom(1, "x"), part), e: part }, { requiredKeys: [] })),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(object, fc.jsonValue()), async (candidate) => {
        const value: unknown = JSON.parse(JSON.stringify(candidate));
        expect((await issuesOf(schema, value)).length === 0).toBe(Any.safeParse(value).success);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("keywords", () => {
  const conditional: unknown = JSON.parse('{"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":2}}');

  test.each<[unknown, unknown, boolean]>([
    [true, 5, true],
    [false, 5, false],
    [{}, null, true],
    [{ type: ["string", "null"] }, null, true],
    [{ type: "integer" }, 5.0, true],
    [{ type: "string", nullable: true }, null, true],
    [{ type: "string", nullable: true, enum: ["a"] }, "b", false],
    [{ type: "string", format: "email" }, "not an address", true],
    [{ properties: { format: { type: "string" }, id: { type: "number" } } }, { format: 5 }, false],
    [{ properties: { format: { type: "string" }, id: { type: "number" } } }, { id: "x" }, false],
    [{ enum: [{ a: [1] }] }, { a: [1] }, true],
    [{ const: { format: "x" } }, { format: "x" }, true],
    [{ const: null }, null, true],
    [{ allOf: [{ minimum: 1 }, { maximum: 3 }] }, 4, false],
    [{ anyOf: [{ minimum: 5 }, { maximum: 3 }] }, 4, false],
    [{ oneOf: [{ minimum: 1 }, { maximum: 3 }] }, 2, false],
    [{ not: { type: "null" } }, null, false],
    [conditional, "a", false],
    [conditional, 3, true],
    [{ exclusiveMinimum: 0, exclusiveMaximum: 1 }, 1, false],
    [{ multipleOf: 0.1 }, 0.3, true],
    [{ minLength: 2 }, "😀", false],
    [{ pattern: "^\\p{Lu}" }, "Éa", true],
    [{ uniqueItems: true }, [1, { a: 1 }, { a: 1 }], false],
    [{ prefixItems: [{ type: "string" }], items: { type: "number" } }, ["a", 1, 2], true],
    [{ prefixItems: [{ type: "string" }], items: { type: "number" } }, ["a", "b"], false],
    [{ contains: { const: 1 }, maxContains: 1 }, [1, 1], false],
    [{ patternProperties: { "^x-": { type: "string" } }, additionalProperties: false }, { "x-a": "1" }, true],
    [{ patternProperties: { "^x-": { type: "string" } }, additionalProperties: false }, { y: "1" }, false],
    [{ propertyNames: { maxLength: 2 } }, { abc: 1 }, false],
    [{ dependentRequired: { a: ["b"] } }, { a: 1 }, false],
    [{ allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, { a: 1, b: 2 }, false],
    [{ $ref: "#/$defs/a%20b", $defs: { "a b": { type: "string" } } }, 5, false],
    [{ $ref: "#/definitions/n", definitions: { n: { type: "string" } } }, "a", true],
    [{ type: "object", required: ["constructor"] }, {}, false],
    [{ properties: { toString: { type: "string" } } }, {}, true],
  ])("%j with %j: %p", async (schema, value, valid) => {
    expect((await issuesOf(schema, value)).length === 0).toBe(valid);
  });

  test("what is not allowed is named", async () => {
    expect(await issuesOf({ additionalProperties: false }, { "a/b ~%#": 1 })).toEqual([
      { path: "/a~1b ~0%#", message: "Nothing is allowed here." },
    ]);
  });

  test("__proto__ is a key like any other", async () => {
    const value: unknown = JSON.parse('{"__proto__":{"admin":true}}');
    expect(await issuesOf({ additionalProperties: false }, value)).toHaveLength(1);
    expect(await issuesOf({ required: ["admin"] }, value)).toHaveLength(1);
  });

  test("the schema is left as it was", async () => {
    const schema = Object.freeze({
      $id: "https://example.org/x",
      type: "object",
      properties: Object.freeze({ a: Object.freeze({ $ref: "#" }) }),
    });
    expect(await issuesOf(schema, { a: { a: 1 } })).toHaveLength(1);
    expect(await issuesOf(schema, { a: { a: {} } })).toEqual([]);
    expect(Object.getOwnPropertyNames(schema)).toEqual(["$id", "type", "properties"]);
  });
});

describe("undecided", () => {
  test.each<[string, unknown, string]>([
    ["a Date", { a: [new Date(0)] }, "Date"],
    ["a BigInt", 5n, "a bigint"],
    ["a Map", new Map(), "Map"],
    ["bytes", new Uint8Array(1), "Uint8Array"],
    ["NaN", Number.NaN, "NaN"],
    ["nothing at all", undefined, "undefined"],
  ])("%s, which JSON cannot carry", async (_, value, name) => {
    expect(await reasonOf({}, value)).toBe(`the value holds ${name}, which JSON Schema cannot judge`);
  });

  test("a cycle, or a value nested too deep", async () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    for (const value of [cycle, deep])
      expect(await reasonOf({ items: { $ref: "#" } }, value)).toContain(`deeper than ${jsonSchemaDepthMax}`);
  });

  test.each<[unknown, unknown]>([
    [null, 1],
    [5, 1],
    ["string", 1],
    [[[]], 1],
    [{ anyOf: {} }, 1],
    [{ anyOf: [5] }, 1],
    [{ items: 5 }, []],
    [{ properties: [] }, {}],
    [{ required: 5 }, {}],
    [{ pattern: "(" }, "x"],
    [{ $ref: "#/$defs/none" }, 1],
    [{ $ref: "https://example.org/other" }, 1],
    [{ $ref: "#" }, 1],
    [{ $dynamicRef: "#x" }, 1],
  ])("a schema that cannot be used: %j", async (schema, value) => {
    expect(await reasonOf(schema, value)).toStartWith("the JSON Schema cannot be used: ");
  });

  test("a schema nested without end", async () => {
    const schema: Record<string, unknown> = {};
    schema["not"] = schema;
    expect(await reasonOf(schema, 1)).toContain("nested deeper");
  });

  test("uniqueItems over a long array", async () => {
    const items = (length: number): number[] => Array.from({ length }, (_, index) => index);
    expect(await reasonOf({ uniqueItems: true }, items(uniqueItemsLengthMax))).toBe("valid");
    expect(await reasonOf({ uniqueItems: true }, items(uniqueItemsLengthMax + 1))).toContain("uniqueItems");
  });
});

describe("size", () => {
  test("a long array that is all wrong is refused with a bounded list", async () => {
    const wrong = Array.from({ length: 200_000 }, () => "x");
    const issues = await issuesOf({ items: { type: "number" } }, wrong);
    expect(issues.length).toBeWithin(1, jsonSchemaIssuesMax + 1);
    expect(await issuesOf({ items: { type: "number" } }, wrong.slice(0, 5000))).toHaveLength(jsonSchemaIssuesMax);
  });
});
