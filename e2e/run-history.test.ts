// Runs as files, by the shipped command: exported from one server, imported on another as history, replayed in a test.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "sluice";
import { testWorkflow } from "sluice/testing";
import { commandsIn } from "./cli-process.ts";
import { broken, order, quick } from "./clients/workflows/jobs.ts";
import { killAll, startServer, token } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-history-"));
const runsMax = 1_000;
let from: ServerProcess;
let to: ServerProcess;

beforeAll(async () => {
  const project = join(import.meta.dir, "clients");
  from = await startServer({ project, data: join(work, "from") });
  to = await startServer({ project, data: join(work, "to") });
}, 30_000);

afterAll(async () => {
  await Promise.all([killAll(from), killAll(to)]);
  rmSync(work, { recursive: true, force: true });
});

const commands = commandsIn(work);
const on = (server: ServerProcess): readonly string[] => ["--url", server.url, "--token", token];

describe("exported runs", () => {
  test("are history on another server, the same when they are exported again", async () => {
    await using sluice = connect({ url: from.url, token });
    const started = await Promise.all(
      Array.from({ length: runsMax }, (_, n) => (n % 10 === 0 ? sluice.start(broken) : sluice.start(quick))),
    );
    await Promise.allSettled(started.map((run) => run.result()));
    const file = join(work, "runs.jsonl");
    const exported = await commands.json("runs", "export", "--output", file, ...on(from));
    expect(exported).toMatchObject({ exported: runsMax });
    expect(await commands.json("runs", "import", file, ...on(to))).toEqual({ imported: runsMax, skipped: 0 });
    const again = join(work, "again.jsonl");
    await commands.json("runs", "export", "--output", again, ...on(to));
    const lines = (path: string): string[] => readFileSync(path, "utf8").split("\n").toSorted();
    expect(lines(again)).toEqual(lines(file));
    const [run] = (await commands.json("runs", "list", "--limit", "1", ...on(to))).runs;
    expect(run.by).toStartWith("import:");
  }, 120_000);

  test("are imported once, and not executed", async () => {
    await using sluice = connect({ url: from.url, token });
    const run = await sluice.start(broken);
    await run.result().catch(() => undefined);
    const file = join(work, "one.json");
    writeFileSync(file, await commands.text("runs", "export", run.id, ...on(from)));
    expect(await commands.text("runs", "import", file, ...on(to))).toContain("1 runs imported");
    expect(await commands.fails("runs", "import", file, ...on(to))).toMatchObject({
      code: 1,
      error: { code: "run_id_taken" },
    });
    expect(await commands.json("runs", "import", file, "--skip-existing", ...on(to))).toEqual({
      imported: 0,
      skipped: 1,
    });
    expect(await commands.fails("runs", "retry", run.id, ...on(to))).toMatchObject({ error: { code: "conflict" } });
    writeFileSync(file, "[]");
    expect(await commands.fails("runs", "import", file, ...on(to))).toMatchObject({ code: 2 });
    expect(await commands.fails("runs", "import", join(work, "none"), ...on(to))).toMatchObject({ code: 2 });
  }, 30_000);

  test("replay as regression tests of the workflow that made them", async () => {
    await using sluice = connect({ url: from.url, token });
    const run = await sluice.start(order, { id: "o-17", sum: 2n });
    await sluice.emit("paid", { at: new Date(5) }, { key: "o-17" });
    const result = await run.result();
    const fixture = await commands.text("runs", "export", run.id, ...on(from));
    await using t = testWorkflow(order);
    const replayed = await t.replay(fixture);
    expect(replayed).toMatchObject({ id: run.id, input: { id: "o-17", sum: 2n }, output: result });
  }, 30_000);
});
