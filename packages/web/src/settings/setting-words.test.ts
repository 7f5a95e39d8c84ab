// Values of settings as people read them.

import { expect, test } from "bun:test";
import { settingWords } from "./setting-words.ts";

test.each([
  [null, null, "–"],
  ["", null, "–"],
  [3_600_000, "milliseconds", "1h 00m"],
  [1_048_576, "bytes", "1.0 MB"],
  [7, "runs", "7 runs"],
  [8080, null, "8080"],
  [true, null, "yes"],
  [[], null, "none"],
  [["a", "b"], null, "a, b"],
  [{ cert: "x" }, null, '{"cert":"x"}'],
  ["full", null, "full"],
])("%j in %p is %s", (value, unit, words) => {
  expect(settingWords(value, unit)).toBe(words);
});
