// Lines for a shell: what sh makes of them is what was meant.
import { describe, expect, test } from "bun:test";
import { cliLine, curlLine, plainJson, quoted, startBody } from "./command-lines.ts";

/** The words that sh hands to a command, by putting it in front of a printer. */
function wordsOf(line: string, command: string): readonly string[] {
  const script = `${command}() { printf '%s\\0' "$@"; }\n${line}\n`;
  const { stdout, stderr, exitCode } = Bun.spawnSync(["sh", "-c", script], { env: { SLUICE_TOKEN: "a token" } });
  expect(stderr.toString()).toBe("");
  expect(exitCode).toBe(0);
  return stdout.toString().split("\0").slice(0, -1);
}

const nasty = [
  "plain",
  "it's",
  "''",
  "a\nb",
  "$HOME `id` $(id)",
  'say "no"',
  "back\\slash\\",
  "* ? [a] ~ # ! & ; | < >",
  "-rf",
  "=x",
  "é🙂\u202e",
  " ",
];

describe("words of sh", () => {
  test.each(nasty)("%j stays what it is", (word) => {
    expect(wordsOf(`sluice ${quoted(word)}`, "sluice")).toEqual([word]);
  });
});

describe("the command", () => {
  test.each(nasty)("hands on %j everywhere", (word) => {
    const line = cliLine(
      {
        workflow: "shop/checkout",
        input: { [word]: word },
        idempotencyKey: word,
        delay: "5m",
        priority: -3,
        tags: [word, "b"],
      },
      "http://127.0.0.1:7890",
    );
    const words = wordsOf(line, "sluice");
    expect(words.slice(0, 3)).toEqual(["run", "shop/checkout", "--input"]);
    expect(JSON.parse(words[3] ?? "")).toEqual({ [word]: word });
    expect(words.slice(4)).toEqual([
      `--key=${word}`,
      "--delay=5m",
      "--priority=-3",
      `--tag=${word}`,
      "--tag=b",
      "--url",
      "http://127.0.0.1:7890",
    ]);
  });

  test("leaves out what is empty; a delay of digits is milliseconds", () => {
    expect(wordsOf(cliLine({ workflow: "a", input: undefined, delay: "500" }, "http://h"), "sluice")).toEqual([
      "run",
      "a",
      "--delay=500ms",
      "--url",
      "http://h",
    ]);
  });
});

describe("the curl line", () => {
  test("carries the body and the token", () => {
    const body = startBody({
      workflow: "a",
      input: { it: "it's" },
      idempotencyKey: "k",
      delay: "",
      priority: 0,
      tags: ["x"],
    });
    expect(wordsOf(curlLine({ url: "http://h/a?b=c&d", body, authentication: true }), "curl")).toEqual([
      "-X",
      "POST",
      "http://h/a?b=c&d",
      "-H",
      "Authorization: Bearer a token",
      "-H",
      "Content-Type: application/json",
      "--data-raw",
      '{"input":{"it":"it\'s"},"idempotencyKey":"k","priority":0,"tags":["x"]}',
    ]);
  });

  test("has no header for a server that asks for none", () => {
    expect(wordsOf(curlLine({ url: "http://h", authentication: false }), "curl")).toEqual(["-X", "POST", "http://h"]);
  });
});

test("characters that cannot be seen are written as escapes", () => {
  const value = { a: "x\u202ey\u0085z\u200b", b: "🙂" };
  expect(plainJson(value)).toBe('{"a":"x\\u202ey\\u0085z\\u200b","b":"🙂"}');
  expect(JSON.parse(plainJson(value))).toEqual(value);
});
