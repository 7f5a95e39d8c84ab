import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import fc from "fast-check";
import { z } from "zod";
import { arbitraryOf, generate, inputsOf } from "./generate.ts";
import { testWorkflow } from "./workflow-test.ts";

interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}
const tree: z.ZodType<Tree> = z.object({
  name: z.string(),
  get children() {
    return z.array(tree);
  },
});

const schemas = {
  texts: z.object({
    email: z.email(),
    url: z.url(),
    id: z.uuid(),
    at: z.iso.datetime(),
    day: z.iso.date(),
    ip: z.ipv4(),
    code: z.string().regex(/^[A-Z]{2}-\d{3,5}$/),
    name: z.string().min(2).max(9),
  }),
  numbers: z.object({
    whole: z.int().min(-3).max(9),
    positive: z.number().positive(),
    share: z.number().min(0).max(1),
    fives: z.number().multipleOf(5),
    below: z.number().lt(10).gt(9),
  }),
  choices: z.object({
    kind: z.enum(["a", "b"]),
    literal: z.literal("x"),
    either: z.union([z.string(), z.number(), z.null()]),
    told: z.discriminatedUnion("type", [
      z.object({ type: z.literal("one"), n: z.number() }),
      z.object({ type: z.literal("two"), t: z.string() }),
    ]),
    maybe: z.string().optional(),
    none: z.number().nullable(),
    usual: z.number().default(5),
    both: z.intersection(z.object({ a: z.string() }), z.object({ b: z.number() })),
  }),
  lists: z.object({
    some: z.array(z.int()).min(1).max(3),
    pair: z.tuple([z.string(), z.boolean()]),
    book: z.record(z.string(), z.number()),
    closed: z.record(z.enum(["a", "b"]), z.number()),
  }),
  recursive: tree,
  beyondJson: z.object({
    at: z.date(),
    big: z.bigint(),
    map: z.map(z.string(), z.number()),
    set: z.set(z.int()),
    list: z.array(z.date()),
    maybe: z.date().optional(),
  }),
  refined: z.object({ from: z.int().min(0).max(20), to: z.int().min(0).max(20) }).refine((v) => v.from <= v.to),
  transformed: z.object({ n: z.string().regex(/^\d+$/).transform(Number) }),
};

describe("data from a schema", () => {
  test.each(Object.entries(schemas))("of %s is what the schema takes, and varies", (_name, schema) => {
    const values: unknown[] = fc.sample(arbitraryOf(schema as z.ZodType), { numRuns: 100, seed: 7 });
    for (const value of values) expect([value, schema.safeParse(value).success]).toEqual([value, true]);
    expect(new Set(values.map((value) => Bun.inspect(value))).size).toBeGreaterThan(20);
  });

  test("of a JSON Schema has its shape, and is the same for one seed", () => {
    const schema = {
      type: "object",
      properties: {
        id: { type: "integer", minimum: 1 },
        tags: { type: "array", items: { type: "string" }, uniqueItems: true },
      },
      required: ["id"],
      additionalProperties: false,
    };
    const make = (seed: number) => fc.sample(arbitraryOf(schema), { numRuns: 50, seed });
    for (const value of make(1)) {
      const { id, tags = [], ...rest } = value as { id: number; tags?: string[] };
      expect(id).toBeGreaterThanOrEqual(1);
      expect(new Set(tags).size).toBe(tags.length);
      expect(rest).toEqual({});
    }
    expect(make(3)).toEqual(make(3));
    expect(() => arbitraryOf({ $ref: "#/$defs/gone" })).toThrow("is not there");
  });

  test("that cannot be made says why", () => {
    expect(() => arbitraryOf(z.symbol())).toThrow("type symbol");
    expect(() => inputsOf(workflow({ name: "bare" }, () => Promise.resolve(1)))).toThrow("no input schema");
  });

  test("feeds a workflow: every input it takes leads to an end", async () => {
    const input = z.object({ items: z.array(z.int().min(0).max(9)).max(4) });
    const sum = workflow({ name: "sum", input }, (ctx, { items }) =>
      ctx.step("sum", () => items.reduce((total, item) => total + item, 0)),
    );
    await using t = testWorkflow(sum);
    await fc.assert(
      fc.asyncProperty(inputsOf(sum), async (value) => {
        await t.expect(await t.run(value)).toComplete(value.items.reduce((total, item) => total + item, 0));
      }),
      { numRuns: 25 },
    );
    const made: { items: number[] }[] = generate(input, { count: 3 });
    expect(made).toHaveLength(3);
  });
});
