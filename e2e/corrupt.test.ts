// A data folder whose database is torn or damaged: the command says so in a sentence and leaves it as it is, and `doctor`
// says what is wrong with it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logOf, readyLine, sluice, startSluice, stop } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-corrupt-"));
const project = join(work, "project");
const sound = join(work, "sound");
const pageBytes = 4_096;

beforeAll(async () => {
  writeProject(project, {
    "workflows/a.ts": `import { workflow } from "sluice";
export const note = workflow({ name: "note" }, async (ctx, input: string) => ctx.step("same", () => input));
`,
  });
  const running = startSluice(["up", "--project", project, "--data", sound, "--port", "0", "--json"]);
  const { url } = await readyLine(running);
  const token = readFileSync(join(sound, "keys/token"), "utf8").trim();
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  for (let i = 0; i < 50; i++) {
    const body = JSON.stringify({ input: `${i} `.repeat(500) });
    const started = await fetch(`${url}/api/v1/workflows/note/runs?wait=10s`, { method: "POST", headers, body });
    expect(started.status).toBe(201);
  }
  expect(await stop(running)).toBe(0);
}, 30_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Where the tree of a table or an index begins in the file. */
function rootOf(name: string): number {
  const db = new Database(join(sound, "state.db"), { readonly: true });
  const row = db.query<{ rootpage: number }, [string]>("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(name);
  db.close();
  if (row === null) throw new Error(`there is no ${name}`);
  return (row.rootpage - 1) * pageBytes;
}

function overwrite(file: string, at: number, length: number): void {
  writeFileSync(file, readFileSync(file).fill(0xff, at, at + length));
}

/** What is in a data folder, but for the lock and for what SQLite makes to look into a database: an empty log and its index. */
function filesOf(data: string): readonly string[] {
  const isEmpty = (name: string): boolean => name.endsWith("-wal") && statSync(join(data, name)).size === 0;
  return readdirSync(data)
    .filter((name) => name !== "lock" && !name.endsWith("-shm") && !isEmpty(name))
    .toSorted();
}

const damages: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  ["torn in the middle", (file) => truncateSync(file, 10 * pageBytes), /it is cut off/],
  ["torn in its header", (file) => truncateSync(file, 50), /it is cut off/],
  ["torn within a page", (file) => truncateSync(file, readFileSync(file).length - 100), /it is cut off/],
  ["no database", (file) => writeFileSync(file, "these are notes\n".repeat(1_000)), /it is not a SQLite database/],
  ["overwritten in its header", (file) => overwrite(file, 0, 100), /it is not a SQLite database/],
  ["overwritten in its schema", (file) => overwrite(file, 100, 3_000), /malformed/],
  ["overwritten in its runs", (file) => overwrite(file, rootOf("runs"), pageBytes), /malformed/],
];

describe("a database that is", () => {
  test.each(damages)(
    "%s is refused in a sentence, left as it is, and explained by doctor",
    async (what, damage, says) => {
      const data = join(work, what.replaceAll(" ", "-"));
      cpSync(sound, data, { recursive: true });
      const file = join(data, "state.db");
      damage(file);
      const before = { bytes: readFileSync(file), names: filesOf(data) };
      const untouched = (): void => {
        expect(readFileSync(file).equals(before.bytes)).toBe(true);
        expect(filesOf(data)).toEqual(before.names);
      };

      const up = await sluice(["up", "--project", project, "--data", data, "--port", "0"]);
      expect([up.exitCode, up.stdout]).toEqual([1, ""]);
      expect(up.stderr).toContain(file);
      expect(up.stderr).not.toMatch(/\bat [\w.<>]+ \(|\.ts:\d+/);
      untouched();
      const asJson = await sluice(["up", "--project", project, "--data", data, "--port", "0", "--json"]);
      expect([asJson.exitCode, JSON.parse(asJson.stdout)]).toMatchObject([
        1,
        { error: { code: "data_folder_corrupt", message: expect.stringMatching(/\.$/), hint: expect.any(String) } },
      ]);
      untouched();

      const doctor = await sluice(["doctor", "--project", project, "--data", data, "--json"]);
      expect(doctor.exitCode).toBe(1);
      const { ok, checks } = JSON.parse(doctor.stdout) as Report;
      expect(ok).toBe(false);
      const failed = checks.filter(({ state }) => state === "failed");
      expect([...new Set(failed.map(({ name }) => name))]).toEqual(["database"]);
      expect(failed[0]?.message).toMatch(says);
      untouched();
    },
  );

  test("sound but for the end of its log, as a kill leaves it, is served", async () => {
    const data = join(work, "log");
    cpSync(sound, data, { recursive: true });
    const running = startSluice(["up", "--project", project, "--data", data, "--port", "0", "--json"]);
    await readyLine(running);
    running.kill("SIGKILL");
    await running.exited;
    const log = join(data, "state.db-wal");
    truncateSync(log, Math.max(0, readFileSync(log).length - 100));
    const again = startSluice(["up", "--project", project, "--data", data, "--port", "0", "--json"]);
    await readyLine(again);
    expect(await stop(again)).toBe(0);
    expect(logOf(again).filter(({ level }) => level === "error")).toEqual([]);
  }, 30_000);
});

interface Report {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly state: string; readonly message: string }[];
}
