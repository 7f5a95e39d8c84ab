// Nothing that is put into a command is ever interpreted: quoting tricks one by one, then whatever chance makes of their parts.

import { deepEqual, equal } from "node:assert/strict";
import { readdirSync } from "node:fs";
import fc from "fast-check";
import { quoted, wordsOf } from "../shell/words.ts";
import type { ShellProvider } from "../shell/shell.ts";
import type { Test } from "./case.suite.ts";
import { codeOf } from "./case.suite.ts";

/** Each would leave a file behind, or show something else than itself, if anybody acted on it. */
const tricks: readonly string[] = [
  "; touch pwned",
  "& touch pwned &",
  "&& touch pwned",
  "|| touch pwned",
  "| touch pwned",
  "$(touch pwned)",
  "`touch pwned`",
  "${IFS}touch${IFS}pwned",
  "$IFS$9touch$IFS$9pwned",
  "> pwned",
  ">> pwned",
  ">pwned 2>&1",
  "< /etc/passwd",
  "<(touch pwned)",
  "<<EOF\ntouch pwned\nEOF",
  "\ntouch pwned\n",
  "\r\ntouch pwned",
  "'; touch pwned; '",
  '"; touch pwned; "',
  "'\"'\"; touch pwned",
  "\\'; touch pwned; \\'",
  "\\",
  "\\\\",
  "\\\n",
  "a\\",
  "'",
  '"',
  "''",
  '""',
  "'\\''",
  "$'\\x41'",
  "$HOME",
  "${HOME}",
  "$((1+1))",
  "$?",
  "$$",
  "$0",
  "~",
  "~root",
  "*",
  "?",
  "[a-z]*",
  "{a,b}",
  "{1..3}",
  "!!",
  "!$",
  "# comment",
  "a #b",
  "a=b",
  "-n",
  "-e",
  "--help",
  "--",
  "%s%n",
  "\t",
  " ",
  "  a  b  ",
  "\v\f\u00a0\u2028",
  "naïve ✓ 🎉",
  "\u202e\u200b\ufeff",
  "\u0001\u0007\u001b[31m",
  "",
  "__bunstr_0",
  "\u0008__bunstr_0",
  "\u00081",
  "$__bun_0",
];

const joined = (words: readonly string[]): string => words.map((word) => `${word}\0`).join("");

/** What a program that prints its arguments got, by each way in. */
async function seenBy(shell: ShellProvider, words: readonly string[]): Promise<readonly string[]> {
  const ways = [
    shell.exec(["printf", "%s\\0", ...words]),
    shell.exec(`printf '%s\\0' ${words.map(quoted).join(" ")}`),
    shell.$`printf '%s\0' ${words}`,
    shell.$`printf '%s\0' ${words} | cat`,
    shell.with({ timeoutMs: 60_000 }).$`printf '%s\0' ${words} | cat`,
  ];
  return (await Promise.all(ways)).map((result) => result.text());
}

const runsMax = 25;

export function injectionCases(test: Test): void {
  test("injection: no trick is interpreted, by any way into a command", async ({ runtime, folder }) => {
    const shell = runtime.shell.cd(folder);
    const ways = Array.from({ length: 5 }, () => joined(tricks));
    deepEqual(await seenBy(shell, tricks), ways);
    for (const trick of tricks)
      deepEqual([trick, (await shell.exec(["printf", "%s\\0", trick])).text()], [trick, joined([trick])]);
    deepEqual(readdirSync(folder), []);
  });

  test("injection: a value stays within its word, quoted or not", async ({ runtime, folder }) => {
    const shell = runtime.shell.cd(folder);
    for (const trick of tricks) {
      const said = await shell.$`printf '%s\0' --name=${trick} 'single ${trick}' "double ${trick}"`;
      deepEqual([trick, said.text()], [trick, joined([`--name=${trick}`, `single ${trick}`, `double ${trick}`])]);
    }
    deepEqual(readdirSync(folder), []);
  });

  test("injection: whatever chance makes of the parts arrives as it is", async ({ runtime, folder }) => {
    const shell = runtime.shell.cd(folder);
    const part = fc.oneof(
      fc.constantFrom(...tricks),
      fc.string({ unit: "grapheme", maxLength: 20 }),
      fc.constantFrom("'", '"', "\\", "$", "`", " "),
    );
    const word = fc.array(part, { maxLength: 6 }).map((parts) => parts.join("").replaceAll("\0", ""));
    const words = fc.array(word, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(words, async (sent) => {
        deepEqual(
          await seenBy(shell, sent),
          Array.from({ length: 5 }, () => joined(sent)),
        );
      }),
      { numRuns: runsMax },
    );
    deepEqual(readdirSync(folder), []);
  });

  test("injection: a name of a program is a name of a program", async ({ runtime, folder }) => {
    const shell = runtime.shell.cd(folder);
    for (const trick of tricks.filter((each) => each !== "" && !each.includes("/"))) {
      equal(await codeOf(() => shell.exec([trick])), "not_found", trick);
      equal(await codeOf(() => shell.$`${trick} x`), "not_found", trick);
    }
    deepEqual(readdirSync(folder), []);
  });

  test("injection: a text that asks for more than words is refused, and nothing of it runs", async ({
    runtime,
    folder,
  }) => {
    const shell = runtime.shell.cd(folder);
    const asking = [
      ";",
      "&",
      "&&",
      "||",
      "|",
      "|&",
      ">",
      ">>",
      "<",
      "$(touch pwned)",
      "`touch pwned`",
      "$HOME",
      "(",
      ")",
      "\n",
    ];
    for (const operator of asking)
      equal(await codeOf(() => shell.exec(`touch pwned ${operator} true`)), "bad_command", operator);
    const refused = [
      shell.$`touch pwned; true`,
      shell.$`touch pwned && true`,
      shell.$`touch pwned > x`,
      shell.$`touch $HOME`,
    ];
    for (const each of refused) equal(await codeOf(() => each), "bad_command");
    for (const open of ["touch 'pwned", 'touch "pwned', "touch pwned\\"])
      equal(await codeOf(() => shell.exec(open)), "bad_command");
    for (const empty of ["", "  "]) equal(await codeOf(() => shell.exec(empty)), "bad_command");
    deepEqual(readdirSync(folder), []);
  });

  test("injection: quoting and reading are each other's opposite", () => {
    const word = fc.string({ unit: "binary", maxLength: 50 }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        deepEqual(wordsOf(words.map(quoted).join(" ")), words);
      }),
      { numRuns: 500 },
    );
  });
}
