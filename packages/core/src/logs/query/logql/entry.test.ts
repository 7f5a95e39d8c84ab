import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { labelName } from "./entry.ts";
import { labelsOf, staged } from "./logql.fixture.suite.ts";

describe("an entry on its way", () => {
  const fields = { "user.id": 7, ok: true };

  test("has the labels of its stream and its fields, by names that labels can have", () => {
    const one = staged("ERROR x", { fields });
    expect(Object.fromEntries(one.labels())).toEqual({
      service: "api",
      user_id: "7",
      ok: "true",
      detected_level: "error",
    });
    expect([one.get("user_id"), one.get("user.id"), one.get("nothing")]).toEqual(["7", "7", ""]);
  });

  test("keeps what its stream is called beside what is found in it", () => {
    const one = staged("x");
    one.extract("service", "web");
    expect(labelsOf(one)).toEqual({ service: "api", service_extracted: "web" });
  });

  test("changes, and what it came with does not", () => {
    const one = staged("x", { fields });
    one.set("ok", "");
    one.delete("service");
    one.set("user_id", "8");
    one.fail("JSONParserErr", "why");
    expect(labelsOf(one)).toEqual({ user_id: "8", __error__: "JSONParserErr", __error_details__: "why" });
    expect(one.hasFailed).toBe(true);
    expect(one.entry.fields).toEqual(fields);
  });

  test("tells its labels apart", () => {
    const one = staged("x", { fields: { trace: "t" } });
    one.extract("found", "1");
    const { structuredMetadata, ...rest } = one.categorized();
    expect(rest).toEqual({ stream: { service: "api" }, parsed: { found: "1" } });
    expect(structuredMetadata).toMatchObject({ trace: "t" });
  });
});

test("every text makes the name of a label", () => {
  fc.assert(fc.property(fc.string({ minLength: 1 }), (text) => expect(labelName(text)).toMatch(/^[A-Za-z_]\w*$/)));
});
