// docs/features.md: one row for each requirement, with its state and the tests that prove it.

import { isTest, type SourceFile } from "./source.ts";

interface Row {
  line: number;
  id: string;
  requirement: string;
  state: string;
  /** As written: `path › describe › test name`. */
  tests: string[];
}

const STATES = new Set(["works", "partly", "missing"]);
const SEPARATOR = " › ";

/** The rows of every table whose first column is an id such as `4.2.1`. A literal bar is written `\|`. */
function parseLedger(text: string): { rows: Row[]; problems: string[] } {
  const rows: Row[] = [];
  const problems: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
    const [, id = "", requirement = "", state = "", test = ""] = cells;
    if (!/^\d/.test(id)) continue;
    if (cells.length !== 6) problems.push(`line ${index + 1}: ${cells.length - 2} columns instead of 4`);
    const tests = Array.from(test.matchAll(/`([^`]+)`/g), (match) => match[1] ?? "");
    rows.push({ line: index + 1, id, requirement, state, tests });
  }
  return { rows, problems };
}

function escapeForPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** Whether `text` calls one of `functions` (plain, `.each(…)`, `.skipIf(…)`) with this name. */
function declares(text: string, functions: string, name: string): boolean {
  const written = [name, JSON.stringify(name).slice(1, -1), name.replaceAll("`", "\\`"), name.replaceAll("'", "\\'")];
  const names = [...new Set(written)].map(escapeForPattern).join("|");
  const modifiers = String.raw`(?:\.\w+)*(?:\([^\n]*?\)|\(\[[\s\S]*?\]\))?`;
  return new RegExp(String.raw`\b(?:${functions})${modifiers}\(\s*(["'\`])(?:${names})\1`).test(text);
}

/** Tests of the Python worker, which `e2e/python.test.ts` runs: a reference names the function. */
const PYTHON_TESTS = /^workers\/python\/tests\/test_\w+\.py$/;

/** Why a reference such as `path › describe › test name` leads to no test; undefined where it leads to one. */
export function testProblem(reference: string, files: Map<string, string>): string | undefined {
  const [path = "", ...names] = reference.split(SEPARATOR);
  const text = files.get(path);
  if (text === undefined) return `no file ${path}`;
  if (!isTest(path) && !PYTHON_TESTS.test(path)) return `${path} is not a test`;
  const name = names.pop();
  if (name === undefined) return `"${reference}" names no test (write path${SEPARATOR}test name)`;
  if (PYTHON_TESTS.test(path)) {
    const there = new RegExp(String.raw`^(?:async )?def ${escapeForPattern(name)}\(`, "m").test(text);
    return there && names.length === 0 ? undefined : `${path} has no test "${name}"`;
  }
  const suite = names.find((each) => !declares(text, "describe", each));
  if (suite !== undefined) return `${path} has no describe "${suite}"`;
  return declares(text, "test|it", name) ? undefined : `${path} has no test "${name}"`;
}

/** What is wrong with the ledger: states outside the set, twice the same id, proof that does not exist. */
export function ledgerProblems(text: string, files: SourceFile[]): string[] {
  const { rows, problems } = parseLedger(text);
  const byPath = new Map(files.map((file) => [file.path, file.text]));
  const seen = new Set<string>();
  for (const row of rows) {
    const at = `line ${row.line} (${row.id})`;
    if (seen.has(row.id)) problems.push(`${at}: the id is taken`);
    seen.add(row.id);
    if (row.requirement === "") problems.push(`${at}: no requirement`);
    if (!STATES.has(row.state)) problems.push(`${at}: state "${row.state}" is not one of ${[...STATES].join(", ")}`);
    if (row.state !== "missing" && row.tests.length === 0) problems.push(`${at}: "${row.state}" needs a test`);
    for (const reference of row.tests) {
      const problem = testProblem(reference, byPath);
      if (problem !== undefined) problems.push(`${at}: ${problem}`);
    }
  }
  if (rows.length === 0) problems.push("the ledger has no rows");
  return problems;
}
