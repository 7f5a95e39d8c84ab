// `sluice migrate cronflow` on a real database: the program on standard output or in a file, runs as lines, and what goes wrong.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeProgram } from "../program.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-migrate-command-"));
  const database = new Database(join(folder, "data.db"));
  database.run("CREATE TABLE workflows (id TEXT, name TEXT, description TEXT, definition TEXT)");
  database.run(
    "CREATE TABLE workflow_runs (id TEXT, workflow_id TEXT, status TEXT, payload TEXT, started_at TEXT, completed_at TEXT, error TEXT)",
  );
  database.run(
    "CREATE TABLE step_results (run_id TEXT, step_id TEXT, status TEXT, output TEXT, error TEXT, started_at TEXT, completed_at TEXT)",
  );
  database.run("CREATE TABLE triggers (id TEXT, workflow_id TEXT, trigger_type TEXT, config TEXT)");
  database.run(
    `INSERT INTO workflows VALUES ('hello', 'Hello', NULL, '{"steps":[{"id":"greet","name":"greet"}],"triggers":["Manual"]}')`,
  );
  database.run(
    "INSERT INTO workflow_runs VALUES ('r1', 'hello', 'Completed', '{}', '2025-11-01T10:00:00Z', '2025-11-01T10:00:01Z', NULL)",
  );
  database.run("INSERT INTO workflow_runs VALUES ('r2', 'hello', 'Pending', '{}', '2025-11-01T10:00:00Z', NULL, NULL)");
  database.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function migrate(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const program = makeProgram({
    env: {},
    cwd: folder,
    print,
    complain: print,
    stdout: { isTTY: false, columns: 80, write: print },
    readStdin: () => Promise.resolve(""),
  });
  await program.parseAsync(["migrate", "cronflow", ...args], { from: "user" });
  return lines;
}

describe("sluice migrate cronflow", () => {
  test("prints the program, and says what there is of runs", async () => {
    const text = (await migrate("data.db")).join("\n");
    expect(text).toContain('export const helloWorkflow = cronflow.define({"id":"hello","name":"Hello"});');
    expect(text).toContain('.step("greet", async (ctx)');
    expect(text).toContain(
      "// 1 finished runs. 1 have not ended and stay behind.\n// --import keeps them as history of the server.",
    );
  });

  test("writes program and runs to files that are not there yet", async () => {
    const [line = ""] = await migrate("data.db", "--output", "migrated.ts", "--history", "runs.jsonl", "--json");
    expect(JSON.parse(line)).toEqual({
      workflows: ["hello"],
      finished: 1,
      unfinished: 1,
      imported: 0,
      skipped: 0,
      output: join(folder, "migrated.ts"),
    });
    expect(existsSync(join(folder, "migrated.ts"))).toBe(true);
    const history = readFileSync(join(folder, "runs.jsonl"), "utf8").trim().split("\n");
    expect(history.map((each) => (JSON.parse(each) as { run: { id: string } }).run.id)).toEqual(["r1"]);
    expect(migrate("data.db", "--output", "migrated.ts")).rejects.toMatchObject({ exitCode: 2 });
  });

  test("refuses what is not there and what is none", async () => {
    expect(migrate("nothing.db")).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("There is no file"),
    });
    expect(migrate("runs.jsonl")).rejects.toMatchObject({ exitCode: 1 });
  });
});
