// The house rules as tests. Each rule is also shown a broken sample, so that a rule that stopped looking is noticed.

import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forbiddenImports, importsOf } from "./scripts/tidy/imports.ts";
import { ledgerProblems } from "./scripts/tidy/ledger.ts";
import {
  bannedWords,
  checkExemptions,
  foldersByKind,
  longFiles,
  looseExports,
  machineTraces,
  silentFiles,
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

  test("of core have a test beside them", () => {
    expect(checkExemptions(untestedCoreFiles(files), UNTESTED_CORE_FILES)).toEqual([]);
    expect(untestedCoreFiles(sample("packages/core/src/engine/a.ts", "export function a() {}"))).toHaveLength(1);
    expect(untestedCoreFiles(sample("packages/core/src/engine/a.ts", "export interface A {}"))).toEqual([]);
    expect(checkExemptions([], ["packages/core/src/engine/a.ts"])).toHaveLength(1);
  });
});

describe("documents", () => {
  test("README.md and a short ARCHITECTURE.md exist", () => {
    expect(fileAt("README.md")).toBeDefined();
    const architecture = fileAt("ARCHITECTURE.md", "docs/ARCHITECTURE.md");
    expect(architecture).toBeDefined();
    expect(architecture?.text.split("\n").length).toBeLessThan(ARCHITECTURE_LINES_MAX);
  });

  test("docs/features.md names tests that exist", () => {
    expect(ledgerProblems(fileAt("docs/features.md")?.text ?? "", files)).toEqual([]);
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

  test("the linter reports floating promises, long functions and a fourth parameter", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-tidy-"));
    try {
      const long = `export function long() {\n${"  console.log(1);\n".repeat(70)}}\n`;
      const four = "export function four(a: 1, b: 1, c: 1, d: 1) {\n  return [a, b, c, d];\n}\n";
      writeFileSync(join(folder, "a.ts"), `${long}${four}Promise.reject(new Error("x"));\n`);
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: join(root, "tsconfig.base.json") }));
      const command = [join(root, "node_modules/.bin/oxlint"), "--type-aware", "-f", "unix", join(folder, "a.ts")];
      const output = Bun.spawnSync(command, { cwd: root }).stdout.toString();
      for (const rule of ["no-floating-promises", "max-lines-per-function", "max-params"])
        expect(output).toContain(rule);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
