// The house rules as tests. Each rule is also shown a broken sample, so that a rule that stopped looking is noticed.

import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareProblems } from "./scripts/tidy/compare.ts";
import { undocumented } from "./scripts/tidy/documented.ts";
import { forbiddenImports, importsOf } from "./scripts/tidy/imports.ts";
import { ledgerProblems } from "./scripts/tidy/ledger.ts";
import {
  bannedWords,
  bunTraces,
  checkExemptions,
  emptyRooms,
  foldersByKind,
  longFiles,
  looseExports,
  machineTraces,
  silentFiles,
  unraisedCodes,
  untestedCoreFiles,
} from "./scripts/tidy/rules.ts";
import { type SourceFile, trackedFiles } from "./scripts/tidy/source.ts";

/** Files of core without a test beside them. May only shrink. */
const UNTESTED_CORE_FILES: string[] = [];
const ARCHITECTURE_LINES_MAX = 600;

const root = import.meta.dir;
const files = trackedFiles(root);

function sample(path: string, text: string): SourceFile[] {
  return [{ path, text }];
}

function fileAt(...paths: string[]): SourceFile | undefined {
  return files.find((file) => paths.includes(file.path));
}

describe("imports", () => {
  test("point one way", () => {
    expect(forbiddenImports(files)).toEqual([]);
  });

  test.each([
    ["packages/protocol/src/a.ts", 'import { x } from "@sluice/sdk";'],
    ["packages/sdk/src/a.ts", 'import type { Engine } from "@sluice/core";'],
    ["packages/worker/src/a.ts", 'export { x } from "@sluice/core";'],
    ["packages/server/src/a.ts", 'import { x } from "sluice";'],
    ["packages/web/src/a.ts", 'import "@sluice/core";'],
    ["packages/cli/src/a.ts", 'import { serve } from "@sluice/server";'],
    ["packages/cli/src/a.ts", 'import { open } from "@sluice/server/embedded";'],
    ["packages/cli/src/a.ts", 'import { x } from "../../server/src/index.ts";'],
    ["packages/server/src/a.ts", 'import { x } from "@sluice/core/src/engine/run.ts";'],
    ["packages/server/src/a.test.ts", 'import { x } from "@sluice/core/src/engine/run.ts";'],
    ["packages/core/src/kernel/a.ts", 'import { x } from "../engine/run.ts";'],
    ["packages/core/src/engine/a.ts", 'import {\n  x,\n  type Y,\n} from "../logs/index.ts";'],
    ["packages/core/src/engine/a.ts", 'type X = import("../store/sqlite/index.ts").X;'],
    ["packages/core/src/store/sqlite/a.ts", 'import { x } from "../../engine/run.ts";'],
    ["packages/core/src/engine/a.ts", 'import { x } from "@sluice/worker";'],
    ["e2e/a.test.ts", 'import { x } from "../packages/core/src/engine/run.ts";'],
    ["examples/a/workflows/b.ts", 'import { x } from "sluice/src/index.ts";'],
  ])("a forbidden one in %s is reported: %s", (path, text) => {
    expect(forbiddenImports(sample(path, text))).toHaveLength(1);
  });

  test.each([
    ["packages/sdk/src/a.ts", 'import { x } from "@sluice/protocol";'],
    ["packages/cli/src/a.ts", 'const { serve } = await import("@sluice/server");'],
    ["packages/cli/src/testing.ts", 'export { simulate } from "@sluice/core/testing";'],
    ["packages/server/src/a.ts", 'import { x } from "@sluice/core/store/sqlite";'],
    ["packages/core/src/store/sqlite/a.ts", 'import type { RunStore } from "../../engine/run-store-port.ts";'],
    ["packages/core/src/engine/a.ts", 'import { x } from "../kernel/clock.ts";'],
    ["packages/core/src/testing/a.ts", 'import { x } from "../engine/index.ts";'],
    ["packages/core/src/engine/a.test.ts", 'import { x } from "../testing/index.ts";'],
    ["packages/sdk/src/a.ts", '/** import { workflow } from "sluice"; */ const glob = "src/**/*.ts";'],
  ])("an allowed one in %s passes: %s", (path, text) => {
    expect(forbiddenImports(sample(path, text))).toEqual([]);
  });

  test("are found in every form", () => {
    const text =
      'import a, { type b } from "1"; import type { c } from "2"; export { d } from "3"; import "4"; await import("5");';
    expect(importsOf(text).map((found) => found.specifier)).toEqual(["1", "2", "3", "4", "5"]);
  });
});

describe("files", () => {
  test("are short", () => {
    expect(longFiles(files)).toEqual([]);
    expect(longFiles(sample("packages/sdk/src/a.ts", "x\n".repeat(401)))).toHaveLength(1);
    expect(longFiles(sample("workers/python/src/a.py", "x\n".repeat(401)))).toHaveLength(1);
    expect(longFiles(sample("packages/sdk/src/a.ts", "x\n".repeat(400)))).toEqual([]);
  });

  test("export by name", () => {
    expect(looseExports(files)).toEqual([]);
    expect(looseExports(sample("packages/sdk/src/index.ts", 'export * from "./a.ts";'))).toHaveLength(1);
    expect(looseExports(sample("packages/sdk/src/index.ts", "export default 1;"))).toHaveLength(1);
    expect(looseExports(sample("examples/a/sluice.config.ts", "export default {};"))).toEqual([]);
  });

  test("hold nothing unfinished and no test that switches others off", () => {
    expect(bannedWords(files)).toEqual([]);
    for (const word of ["// TO_DO later", "FIX_ME", "test.on_ly(", "test.to_do("]) {
      expect(bannedWords(sample("packages/sdk/src/a.ts", word.replace("_", "")))).toHaveLength(1);
    }
  });

  test("say why they exist", () => {
    expect(silentFiles(files)).toEqual([]);
    expect(silentFiles(sample("packages/sdk/src/a.ts", "export const a = 1;"))).toHaveLength(1);
    expect(silentFiles(sample("packages/sdk/src/a.ts", "// Why.\nexport const a = 1;"))).toEqual([]);
  });

  test("are in folders named by domain", () => {
    expect(foldersByKind(files)).toEqual([]);
    expect(foldersByKind(sample("packages/sdk/src/utils/a.ts", ""))).toHaveLength(1);
  });

  test("carry no trace of a machine or a registry", () => {
    expect(machineTraces(files)).toEqual([]);
    expect(machineTraces(sample("docs/a.md", "see /_work/main".replace("_", "")))).toHaveLength(1);
    expect(
      machineTraces(sample("package-lock.json", '"resolved":_"https://a.example/b.tgz"'.replace("_", ""))),
    ).toHaveLength(1);
    expect(machineTraces(sample("docs/a.md", "the network/root/ and my.work/"))).toEqual([]);
  });

  test("of kernel, engine, testing, protocol and SDK touch nothing of Bun, and are typed without it", () => {
    expect(bunTraces(files)).toEqual([]);
    for (const text of ["Bun.sleep(1);", 'import { test } from "bun:test";', 'import x from "bun";']) {
      for (const folder of ["core/src/kernel", "core/src/engine", "core/src/testing", "protocol/src", "sdk/src"])
        expect(bunTraces(sample(`packages/${folder}/a.ts`, text))).toHaveLength(1);
      expect(bunTraces(sample("packages/core/src/engine/a.test.ts", text))).toEqual([]);
    }
    const neutral = fileAt("tsconfig.neutral.json")?.text ?? "";
    for (const folder of ["core/src/kernel", "core/src/engine", "core/src/testing", "protocol/src", "sdk/src"])
      expect(neutral).toContain(`"packages/${folder}"`);
  });

  test("make up packages and domains that are all needed now", () => {
    expect(emptyRooms(files)).toEqual([]);
    const manifest = '{ "workspaces": ["packages/*"], "dependencies": { "@sluice/a": "1" } }';
    const room = [
      ...sample("packages/a/src/a.ts", "// Why.\nexport {};\n"),
      ...sample("packages/b/package.json", manifest),
    ];
    const tests = sample("packages/a/src/a.test.ts", "");
    expect(emptyRooms([...room, ...tests])).toEqual(["packages/b/: holds no code"]);
    expect(emptyRooms(room)).toContain("packages/a/: holds no test");
    expect(emptyRooms([...room.slice(0, 1), ...tests])).toEqual(["packages/a/: no other package needs it"]);
    expect(emptyRooms(sample("packages/core/src/logs/.keep", ""))).toContain("packages/core/src/logs/: holds no code");
  });

  test("of core have a test beside them", () => {
    expect(checkExemptions(untestedCoreFiles(files), UNTESTED_CORE_FILES)).toEqual([]);
    expect(untestedCoreFiles(sample("packages/core/src/engine/a.ts", "export function a() {}"))).toHaveLength(1);
    expect(untestedCoreFiles(sample("packages/core/src/engine/a.ts", "export interface A {}"))).toEqual([]);
    expect(checkExemptions([], ["packages/core/src/engine/a.ts"])).toHaveLength(1);
  });
});

test("every error code is answered with somewhere", () => {
  expect(unraisedCodes(files)).toEqual([]);
  const table = sample("packages/protocol/src/errors.ts", "  used: 400,\n  unused: 404,\n  timeout: 504,\n");
  const text = 'fail({ code: "used" }); end({ reason: "timeout" });';
  expect(unraisedCodes([...table, ...sample("packages/core/src/a.ts", text)])).toEqual(["unused", "timeout"]);
  expect(unraisedCodes([...table, ...sample("packages/core/src/a.test.ts", text)])).toHaveLength(3);
});

describe("documents", () => {
  test("README.md and a short ARCHITECTURE.md exist", () => {
    expect(fileAt("README.md")).toBeDefined();
    const architecture = fileAt("ARCHITECTURE.md", "docs/ARCHITECTURE.md");
    expect(architecture).toBeDefined();
    expect(architecture?.text.split("\n").length).toBeLessThan(ARCHITECTURE_LINES_MAX);
    for (const { path } of files) {
      const [, name] = /^packages\/([\w-]+)\/package\.json$/.exec(path) ?? [];
      if (name !== undefined) expect(architecture?.text).toContain(`\n| \`${name}\` |`);
    }
  });

  test("every public function, class and method says what it does", () => {
    expect(undocumented(files)).toEqual([]);
    const entry = sample(
      "packages/sdk/src/index.ts",
      'export { a, type B } from "./a.ts";\nexport { c as d } from "./a.ts";',
    );
    const code =
      "/** Yes. */\nexport function a() {}\nexport interface B {\n  m(): void;\n  /** Yes. */\n  n(): void;\n}\nexport class c {}\n";
    const reported = undocumented([...entry, ...sample("packages/sdk/src/a.ts", code)]);
    expect(reported.map((line) => line.split(" ")[1])).toEqual(["B.m", "c"]);
  });

  test("docs/status.md says where the work stands, part by part", () => {
    const status = fileAt("docs/status.md")?.text ?? "";
    const parts = status.split(/^## /m).slice(1);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(part.split("\n").slice(1).join("").length).toBeGreaterThan(100);
  });

  test("README.md says what it is, the two commands, an example of 20 lines, and the command behind each figure", () => {
    const readme = fileAt("README.md")?.text ?? "";
    expect(readme).toMatch(/^# Sluice\n\nSluice runs \*\*durable workflows\*\*/);
    for (const command of ["npm start", "npm test"]) expect(readme).toContain(`\`\`\`sh\n${command}\n\`\`\``);
    const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(example.split("\n").length - 1).toBeLessThanOrEqual(20);
    expect(example).toContain("workflow(");
    const [, figures = ""] = /<!-- figures:begin -->([\s\S]*)<!-- figures:end -->/.exec(readme) ?? [];
    const rows = figures.split("\n").filter((line) => line.startsWith("| "));
    expect(rows.length).toBeGreaterThan(5);
    const scripts = (JSON.parse(fileAt("package.json")?.text ?? "{}") as { scripts: Record<string, string> }).scripts;
    for (const row of rows.slice(1)) {
      const [, script = ""] = /\| `npm (?:run )?([\w:]+)[^|]*` \|$/.exec(row) ?? [];
      expect([row, Object.keys(scripts)]).toEqual([row, expect.arrayContaining([script])]);
    }
  });

  test("docs/features.md names tests that exist", () => {
    expect(ledgerProblems(fileAt("docs/features.md")?.text ?? "", files)).toEqual([]);
  });

  test("docs/compare.md answers for every feature, with tests that exist", () => {
    const text = fileAt("docs/compare.md")?.text ?? "";
    expect(compareProblems(text, files)).toEqual([]);
    expect(compareProblems(text.replace("| Retry |", "| Retries |"), files)).toEqual([
      "Retries: no such feature",
      "Retry: no row",
    ]);
    expect(
      compareProblems(text.replaceAll("e2e/dev.test.ts › a saved", "e2e/dev.test.ts › another"), files),
    ).toHaveLength(1);
    expect(compareProblems("| Bun | yes | it is | |", files)).toContain('Bun: "yes" needs a test');
  });

  test.each([
    ["4.1 | a | done | ", "state"],
    ["4.1 | a | works | ", "needs a test"],
    ["4.1 | a | works | `b.test.ts › no such test`", "no test"],
    ["4.1 | a | partly | `c.test.ts › first`", "no file"],
    ["4.1 | a | works | `b.test.ts › other › first`", "no describe"],
    ["4.1 | a | works | `b.test.ts`", "names no test"],
    ["4.1 | a \\| b | missing | | ", "columns"],
  ])("a broken row of the ledger is reported: %s", (row, problem) => {
    const tests = sample("b.test.ts", 'describe("group", () => {\n  test("first", () => {});\n});');
    expect(ledgerProblems(`| ${row} |`, tests).join("\n")).toContain(problem);
  });

  test("a sound row of the ledger passes", () => {
    const tests = sample("b.test.ts", 'describe("group", () => {\n  test.skipIf(no)("say \\"hi\\"", () => {});\n});');
    expect(ledgerProblems('| 4.1 | a \\| b | works | `b.test.ts › group › say "hi"` |', tests)).toEqual([]);
    const python = sample("workers/python/tests/test_b.py", "async def test_first() -> None:\n    pass\n");
    const proof = (name: string): string => `| 4.1 | a | works | \`workers/python/tests/test_b.py › ${name}\` |`;
    expect(ledgerProblems(proof("test_first"), python)).toEqual([]);
    expect(ledgerProblems(proof("test_second"), python)).toHaveLength(1);
    expect(ledgerProblems("| 4.1 | a | missing | |\n| 4.1 | b | missing | |", tests)).toHaveLength(1);
  });
});

describe("tools", () => {
  test("code that runs on any runtime cannot name Bun, Node or the page", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-tidy-"));
    try {
      const lines = [
        "Bun.version",
        "process.pid",
        "document",
        'import("bun:sqlite")',
        'import("node:fs")',
        "new URL('a:b')",
      ];
      writeFileSync(join(folder, "a.ts"), lines.map((line, index) => `export const x${index} = ${line};\n`).join(""));
      const config = { extends: join(root, "tsconfig.neutral.json"), include: ["a.ts"], exclude: [] };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
      const tsc = Bun.spawnSync([join(root, "node_modules/.bin/tsc"), "-p", folder], { cwd: folder });
      const reported = Array.from(tsc.stdout.toString().matchAll(/^a\.ts\((\d+),/gm), (match) => Number(match[1]));
      expect(reported).toEqual([1, 2, 3, 4, 5]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("the linter reports floating promises, long functions, a fourth parameter and chance that no seed decides", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-tidy-"));
    try {
      const long = `export function long() {\n${"  console.log(1);\n".repeat(70)}}\n`;
      const four = "export function four(a: 1, b: 1, c: 1, d: 1) {\n  return [a, b, c, d];\n}\n";
      const chance = "export const chance = Math.random();\n";
      writeFileSync(join(folder, "a.ts"), `${long}${four}${chance}Promise.reject(new Error("x"));\n`);
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: join(root, "tsconfig.base.json") }));
      const command = [join(root, "node_modules/.bin/oxlint"), "--type-aware", "-f", "unix", join(folder, "a.ts")];
      const output = Bun.spawnSync(command, { cwd: root }).stdout.toString();
      for (const rule of ["no-floating-promises", "max-lines-per-function", "max-params", "no-restricted-properties"])
        expect(output).toContain(rule);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
