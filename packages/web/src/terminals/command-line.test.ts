import { expect, test } from "bun:test";
import { wordsOf } from "./command-line.ts";

test.each([
  ["", []],
  ["  htop ", ["htop"]],
  ["sh -c 'echo \"a b\"; ls'", ["sh", "-c", 'echo "a b"; ls']],
  ['grep "a\\"b" file\\ name', ["grep", 'a"b', "file name"]],
  ["a'b c'\"d e\"f", ["ab cd ef"]],
])("%p is %p", (line, words) => {
  expect(wordsOf(line)).toEqual(words);
});
