import { expect, test } from "bun:test";
import { Pieces } from "./line-pieces.ts";
import { TemplateTexts } from "./template-texts.ts";
import { templatesOf } from "./template-writer.ts";
import { textColumn } from "./texts.ts";

test("a line that is always the same costs next to nothing", () => {
  const same = Array.from({ length: 10_000 }, () => "the job began, as it does every hour");
  const body = templatesOf(textColumn(same), new Pieces(), []);
  expect(body.length).toBeLessThan(80);
  expect(new TemplateTexts(body.taken(), { count: same.length, timeMs: () => [] }).at(9_999)).toBe(same[0] ?? "");
});
