// Schemas of a real library (zod), and of libraries that behave differently, through one interface.
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import * as mini from "zod/mini";
import {
  type InferInput,
  type InferOutput,
  isStandardSchema,
  schemaIssuesMax,
  type StandardResult,
  type StandardSchemaV1,
  toJsonSchema,
  validateWithSchema,
} from "./standard-schema.ts";

const Order = z.object({
  id: z.string().min(1),
  total: z.number().nonnegative(),
  items: z.array(z.object({ sku: z.string(), count: z.number().int() })).default([]),
  placed: z.string().transform((text) => text.length),
});

/** A schema of a library that answers with whatever is given. */
function schemaThat(
  validate: (value: unknown) => StandardResult<unknown> | Promise<StandardResult<unknown>>,
): StandardSchemaV1 {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

/** Compiles only where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(value: T): T => value;

describe("validateWithSchema", () => {
  test("answers with what the schema made of the value", async () => {
    expect(await validateWithSchema(Order, { id: "o", total: 1, placed: "now", more: 1 })).toEqual({
      ok: true,
      value: { id: "o", total: 1, items: [], placed: 3 },
    });
  });

  test("reports every issue with its path", async () => {
    const result = await validateWithSchema(Order, { id: "", total: -1, placed: "", items: [{ sku: 5, count: 1.5 }] });
    if (result.ok) throw new Error("the value was accepted");
    expect(result.issues.map((issue) => issue.path).toSorted()).toEqual([
      "/id",
      "/items/0/count",
      "/items/0/sku",
      "/total",
    ]);
    for (const issue of result.issues) expect(issue.message).not.toBe("");
  });

  test("an issue of the value itself has an empty path", async () => {
    expect(await validateWithSchema(z.string(), 5)).toMatchObject({ ok: false, issues: [{ path: "" }] });
  });

  test("waits for asynchronous checks", async () => {
    const schema = z.string().refine(async (text) => text === "yes", "not yes");
    expect(await validateWithSchema(schema, "yes")).toEqual({ ok: true, value: "yes" });
    expect(await validateWithSchema(schema, "no")).toEqual({ ok: false, issues: [{ path: "", message: "not yes" }] });
  });

  test("reads path segments of either shape and escapes them", async () => {
    const issues = [
      { message: "bad", path: [{ key: "a/b" }, 0, "c~d", Symbol("s")] },
      { message: "worse", path: undefined },
    ];
    expect(
      await validateWithSchema(
        schemaThat(() => ({ issues })),
        1,
      ),
    ).toEqual({
      ok: false,
      issues: [
        { path: "/a~1b/0/c~0d/Symbol(s)", message: "bad" },
        { path: "", message: "worse" },
      ],
    });
  });

  test("a result without issues counts as valid even where its value is undefined", async () => {
    expect(
      await validateWithSchema(
        schemaThat(() => ({ value: undefined })),
        1,
      ),
    ).toEqual({ ok: true, value: undefined });
    expect(
      await validateWithSchema(
        schemaThat(() => ({ issues: [] })),
        1,
      ),
    ).toEqual({ ok: false, issues: [] });
  });

  test("reports no more than schemaIssuesMax", async () => {
    const result = await validateWithSchema(
      z.array(z.string()),
      Array.from({ length: 5000 }, () => 1),
    );
    if (result.ok) throw new Error("the value was accepted");
    expect(result.issues).toHaveLength(schemaIssuesMax);
    expect(result.issues.at(-1)).toEqual({ path: "", message: "5000 issues in all" });
  });

  test("passes on what the schema throws", () => {
    const failing = schemaThat(() => {
      throw new TypeError("broken check");
    });
    return expect(validateWithSchema(failing, 1)).rejects.toThrow("broken check");
  });

  test("the types flow through", async () => {
    holds<Same<InferInput<typeof Order>["placed"], string>>(true);
    holds<Same<InferOutput<typeof Order>["placed"], number>>(true);
    holds<Same<InferInput<typeof Order>["items"], { sku: string; count: number }[] | undefined>>(true);
    const result = await validateWithSchema(Order, { id: "o", total: 1, placed: "now" });
    if (!result.ok) throw new Error("the value was refused");
    holds<
      Same<typeof result.value, { id: string; total: number; items: { sku: string; count: number }[]; placed: number }>
    >(true);
    expect(result.value.placed).toBe(3);
  });
});

describe("toJsonSchema", () => {
  test("is the schema of what goes in, as zod exports it", () => {
    expect(toJsonSchema(Order)).toMatchObject({
      type: "object",
      required: ["id", "total", "placed"],
      properties: { id: { type: "string", minLength: 1 }, placed: { type: "string" }, items: { type: "array" } },
    });
  });

  test("is undefined where JSON Schema cannot say it", () => {
    expect(toJsonSchema(z.object({ at: z.date() }))).toBeUndefined();
    expect(toJsonSchema(z.bigint())).toBeUndefined();
  });

  test("is undefined where the library offers none", () => {
    expect(toJsonSchema(mini.object({ a: mini.string() }))).toBeUndefined();
    expect(toJsonSchema(schemaThat(() => ({ value: 1 })))).toBeUndefined();
  });

  test("asks for draft 2020-12 of the input", () => {
    const asked: unknown[] = [];
    const standard = { ...schemaThat(() => ({ value: 1 }))["~standard"] };
    const jsonSchema = {
      input: (options: unknown) => {
        asked.push(options);
        return { type: "string" };
      },
    };
    expect(toJsonSchema({ "~standard": Object.assign(standard, { jsonSchema }) })).toEqual({ type: "string" });
    expect(asked).toEqual([{ target: "draft-2020-12" }]);
  });

  test("takes the method of a library whose schemas are functions", () => {
    const method = { toJsonSchema: () => ({ type: "number" }) };
    const schema = Object.assign(
      () => 1,
      schemaThat(() => ({ value: 1 })),
      method,
    );
    expect(isStandardSchema(schema)).toBe(true);
    expect(toJsonSchema(schema)).toEqual({ type: "number" });
  });
});

test("isStandardSchema tells schemas from other values", () => {
  expect([Order, mini.string(), schemaThat(() => ({ value: 1 }))].map(isStandardSchema)).toEqual([true, true, true]);
  const others = [
    undefined,
    null,
    5,
    "x",
    {},
    { "~standard": null },
    { "~standard": { version: 2, validate: () => 1 } },
    { type: "object" },
  ];
  expect(others.map(isStandardSchema)).toEqual(others.map(() => false));
});
