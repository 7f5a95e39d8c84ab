import { describe, expect, test } from "bun:test";
import { found, now } from "../found.fixture.suite.ts";
import type { Found } from "../found.fixture.suite.ts";
import { bulkAnswer, readBulk } from "./bulk.ts";
import type { BulkItem } from "./bulk.ts";

function bulk(lines: readonly (object | string)[], index?: string): Found & { readonly items: readonly BulkItem[] } {
  let items: readonly BulkItem[] = [];
  const text = `${lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n")}\n`;
  return { ...found((into) => void (items = readBulk(into, { text, index, now }))), items };
}

describe("a bulk request", () => {
  test("answers for each action by itself, the good ones are taken", () => {
    const { entries, items } = bulk(
      [
        { create: { _index: "logs-a", _id: "1" } },
        { "@timestamp": "2026-03-04T12:00:00Z", message: "one", service: { name: "api" }, log: { level: "error" } },
        { index: {} },
        "no json",
        { delete: { _id: "x" } },
        { update: { _id: "y" } },
        { doc: {} },
        { create: {} },
        { "@timestamp": "never" },
        { index: {} },
        { message: "two" },
      ],
      "usual",
    );
    expect(entries).toMatchObject([
      { line: "one", level: "error", labels: { index: "logs-a", service: "api" }, timeMs: now.timeMs - 500 },
      { line: "two", labels: { index: "usual" }, timeMs: now.timeMs },
    ]);
    const answer = bulkAnswer(items, { tookMs: 3, madeId: String });
    expect(answer).toMatchObject({
      took: 3,
      errors: true,
      items: [
        { create: { _index: "logs-a", _id: "1", status: 201, result: "created" } },
        { index: { _index: "usual", _id: "1", status: 400, error: { type: "document_parsing_exception" } } },
        { delete: { status: 400, error: { type: "illegal_argument_exception" } } },
        { update: { status: 400 } },
        { create: { status: 400, error: { reason: "It was not taken: no_time." } } },
        { index: { status: 201 } },
      ],
    });
    expect(bulkAnswer(items.slice(0, 1), { tookMs: 0, madeId: String })).toMatchObject({ errors: false });
  });

  test.each([
    [["nonsense"], "Malformed action/metadata line [1]"],
    [[{ burn: {} }], "Malformed action/metadata line [1]"],
    [[{ create: {} }, { message: "x" }], "names no index"],
    [[""], "holds no action"],
  ])("with %j is refused as a whole", (lines, said) => {
    expect(() => bulk(lines)).toThrow(said);
  });
});
