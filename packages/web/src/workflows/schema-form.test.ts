// From a JSON Schema to fields, and to the value they start with.
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import type { Json } from "./json-value.ts";
import { fit, formNode, startValue, variantOf } from "./schema-form.ts";
import type { Schema } from "./schema-form.ts";

const node = (schema: Schema) => formNode(schema, schema);
const start = (schema: Schema) => startValue(schema, schema);
const fromZod = (type: z.ZodType) => z.toJSONSchema(type, { io: "input" }) as Schema;

describe("fields", () => {
  test.each<[string, Schema, object]>([
    [
      "text",
      { type: "string", examples: ["o-17"] },
      { kind: "text", format: "text", example: "o-17", nullable: false },
    ],
    ["an address", { type: "string", format: "email" }, { kind: "text", format: "email" }],
    ["a long text", { type: "string", maxLength: 5_000 }, { kind: "text", format: "long", lengthMax: 5_000 }],
    ["a number", { type: "number", minimum: 1 }, { kind: "number", whole: false, min: 1 }],
    ["a whole number", { type: "integer" }, { kind: "number", whole: true }],
    ["yes or no", { type: "boolean", default: true }, { kind: "boolean", default: true }],
    ["one of a few", { enum: ["a", 1, null] }, { kind: "choice", values: ["a", 1], nullable: true }],
    ["one of a few constants", { oneOf: [{ const: "a" }, { const: "b" }] }, { kind: "choice", values: ["a", "b"] }],
    ["a constant", { const: "x" }, { kind: "fixed", value: "x" }],
    ["text or null", { type: ["string", "null"] }, { kind: "text", nullable: true }],
    [
      "text or null, the other way",
      { anyOf: [{ type: "string" }, { type: "null" }] },
      { kind: "text", nullable: true },
    ],
    ["a list", { type: "array", items: { type: "string" }, minItems: 2 }, { kind: "list", min: 2 }],
    ["a tuple", { type: "array", prefixItems: [{ type: "string" }] }, { kind: "json" }],
    ["names that are free", { type: "object", additionalProperties: { type: "string" } }, { kind: "json" }],
    ["anything", {}, { kind: "json" }],
  ])("%s", (_, schema, expected) => {
    expect(node(schema)).toMatchObject(expected);
  });

  test("objects: what has a default is not asked for", () => {
    const schema = fromZod(
      z.object({ id: z.string(), note: z.string().optional(), speed: z.enum(["a", "b"]).default("b") }),
    );
    const made = node(schema);
    expect(made.kind === "object" ? made.fields.map(({ name, required }) => [name, required]) : made).toEqual([
      ["id", true],
      ["note", false],
      ["speed", false],
    ]);
  });

  test("references, those in a circle, and those to nothing", () => {
    const tree: Schema = {
      $ref: "#/$defs/tree",
      $defs: { tree: { type: "object", properties: { kids: { type: "array", items: { $ref: "#/$defs/tree" } } } } },
    };
    expect(node(tree).kind).toBe("object");
    expect(start(tree)).toEqual({});
    const circle: Schema = { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } };
    expect(node(circle).kind).toBe("json");
    expect(node({ $ref: "#/$defs/none" }).kind).toBe("json");
    expect(node({ $ref: "http://elsewhere/x" }).kind).toBe("json");
  });

  test("allOf is one object", () => {
    const made = node({
      allOf: [
        { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
        { type: "object", properties: { b: { type: "number" } }, required: ["b"] },
      ],
    });
    expect(made.kind === "object" ? made.fields.map(({ name, required }) => [name, required]) : made).toEqual([
      ["a", true],
      ["b", true],
    ]);
  });

  test("a schema that is nonsense is edited as JSON", () => {
    for (const wrong of [null, 5, "x", [], { type: 7 }, { type: [] }, { properties: 3 }] as Json[]) {
      expect(formNode(wrong, {}).kind).toBe("json");
    }
  });
});

describe("the value to start with", () => {
  test("has defaults and the shape of what is required", () => {
    const schema = fromZod(
      z.object({
        id: z.string(),
        count: z.number(),
        vip: z.boolean(),
        lines: z.array(z.object({ sku: z.string() })).min(1),
        ship: z.object({ city: z.string().default("Lisbon") }),
        note: z.string().optional(),
      }),
    );
    expect(start(schema)).toEqual({ id: "", vip: false, lines: [{ sku: "" }], ship: { city: "Lisbon" } });
  });

  test("ends where a schema requires itself for ever", () => {
    const schema: Schema = { type: "object", properties: { self: { $ref: "#" } }, required: ["self"] };
    expect(JSON.stringify(start(schema)).length).toBeLessThan(500);
  });
});

describe("variants", () => {
  const schema = fromZod(
    z.discriminatedUnion("method", [
      z.object({ method: z.literal("card"), number: z.string() }),
      z.object({ method: z.literal("points"), points: z.number() }),
    ]),
  );
  const made = node(schema);
  const variants = made.kind === "variants" ? made.variants : [];

  test("are called by what tells them apart, and start with it", () => {
    expect(variants.map(({ label }) => label)).toEqual(["card", "points"]);
    expect(startValue(variants[1]?.schema, schema)).toEqual({ method: "points" });
  });

  test("are known by the value", () => {
    expect(variantOf({ variants, value: { method: "points", points: 1 }, root: schema })).toBe(1);
    expect(variantOf({ variants, value: { method: "points" }, root: schema, chosen: 0 })).toBe(1);
    expect(variantOf({ variants, value: undefined, root: schema, chosen: 1 })).toBe(1);
    expect(variantOf({ variants, value: "neither", root: schema })).toBe(0);
  });

  test("of plain types are known by their type", () => {
    const plain = node({ type: ["string", "number"] });
    const some = plain.kind === "variants" ? plain.variants : [];
    expect(some.map(({ label }) => label)).toEqual(["Text", "Number"]);
    expect(variantOf({ variants: some, value: 5, root: {} })).toBe(1);
    expect(fit(null, { type: ["string", "null"] }, {})).toBeGreaterThan(0);
  });
});
