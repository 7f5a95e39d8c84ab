// Manifests: all an engine needs to know of workflows without running them.
import { describe, expect, test } from "bun:test";
import { decodeValue } from "@sluice/protocol";
import { schedule, webhook, workflow } from "@sluice/sdk";
import { manifestOf } from "./manifest.ts";

const body = async (): Promise<void> => undefined;

describe("a manifest", () => {
  test("of a plain workflow is its name", () => {
    expect(manifestOf([workflow({ name: "plain" }, body)])).toEqual([
      { name: "plain", triggers: [], validates: false },
    ]);
  });

  test("has times in milliseconds, retention and description", () => {
    const options = {
      timeout: "30 days",
      retention: { age: "1 week", count: 10 },
      description: "Ships orders.",
    } as const;
    expect(manifestOf([workflow({ name: "order", ...options }, body)])).toEqual([
      {
        name: "order",
        triggers: [],
        validates: false,
        description: "Ships orders.",
        timeout: 30 * 86_400_000,
        retention: { age: 7 * 86_400_000, count: 10 },
      },
    ]);
    const [counted] = manifestOf([workflow({ name: "counted", retention: { count: 1 } }, body)]);
    expect(counted?.retention).toEqual({ count: 1 });
  });

  test("has the JSON Schema of an input where the library offers one", () => {
    const standard = { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } as const;
    const jsonSchema = { input: ({ target }: { readonly target: string }) => ({ type: "object", $comment: target }) };
    const [known] = manifestOf([
      workflow({ name: "known", input: { "~standard": { ...standard, jsonSchema } } }, body),
    ]);
    expect(known).toMatchObject({ validates: true, schema: { type: "object", $comment: "draft-2020-12" } });
    const opaque = { "~standard": standard };
    expect(manifestOf([workflow({ name: "opaque", input: opaque }, body)])).toEqual([
      { name: "opaque", triggers: [], validates: true },
    ]);
  });

  test("has triggers: webhooks with a path that begins with a slash, schedules with every option", () => {
    const triggers = [
      webhook("orders", { secret: "s" }),
      webhook("/orders", { method: "PUT" }),
      schedule("0 2 * * *", {
        input: { a: 1n },
        timezone: "Europe/Lisbon",
        catchUp: "one",
        overlap: "skip",
        jitter: "30s",
        name: "nightly",
      }),
    ];
    const [described] = manifestOf([workflow({ name: "order", triggers }, body)]);
    expect(described?.triggers).toMatchObject([
      { type: "webhook", path: "/orders", method: "POST", secret: "s" },
      { type: "webhook", path: "/orders", method: "PUT" },
      {
        type: "schedule",
        cron: "0 2 * * *",
        timezone: "Europe/Lisbon",
        catchUp: "one",
        catchUpMax: 100,
        overlap: "skip",
        jitter: 30_000,
        name: "nightly",
      },
    ]);
    const input = described?.triggers[2]?.type === "schedule" ? described.triggers[2].input : new Uint8Array(0);
    expect(decodeValue(input)).toEqual({ a: 1n });
  });
});

test("two workflows of one name, and options that make no sense, are refused with what to do", () => {
  const twice = [workflow({ name: "same" }, body), workflow({ name: "same" }, body)];
  expect(() => manifestOf(twice)).toThrow(
    expect.objectContaining({ code: "duplicate_workflow", hint: expect.any(String) }),
  );
  expect(() => manifestOf([workflow({ name: "late", timeout: "whenever" }, body)])).toThrow(
    expect.objectContaining({ code: "invalid_duration" }),
  );
});

test("two schedules of one name are refused, and those without a name are told apart by their places", () => {
  const at = (...names: (string | undefined)[]) =>
    workflow(
      { name: "report", triggers: names.map((name) => schedule("0 2 * * *", name === undefined ? {} : { name })) },
      body,
    );
  for (const names of [
    ["a", "a"],
    [undefined, "0"],
    ["1", undefined],
  ]) {
    expect(() => manifestOf([at(...names)])).toThrow(
      expect.objectContaining({ code: "invalid_name", hint: expect.any(String) }),
    );
  }
  expect(manifestOf([at("a", undefined, "b", undefined)])[0]?.triggers).toHaveLength(4);
});
