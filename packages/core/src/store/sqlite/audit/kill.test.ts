import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chain } from "../../audit-log.fixture.suite.ts";
import type { Store } from "../../../kernel/store.ts";
import { openSqliteStore } from "../sqlite-run-store.ts";
import { unexpected, withFolders } from "../sqlite-store.fixture.suite.ts";

const folders = withFolders();
const child = join(import.meta.dir, "kill-child.suite.ts");

function acknowledged(ledger: string): readonly string[] {
  const text = existsSync(ledger) ? readFileSync(ledger, "utf8") : "";
  // What follows the last line end was cut off by the kill.
  return text.split("\n").slice(0, -1);
}

async function killAfter(p: { file: string; ledger: string; round: number; count: number }): Promise<void> {
  const worker = spawn(process.execPath, [child, p.file, p.ledger, String(p.round)], { stdio: "inherit" });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  const before = acknowledged(p.ledger).length;
  while (acknowledged(p.ledger).length < before + p.count) {
    if (worker.exitCode !== null) throw new Error(`the worker ended by itself with ${worker.exitCode}`);
    await new Promise((resolve) => void setImmediate(resolve));
  }
  worker.kill("SIGKILL");
  await ended;
}

/** Every thing that was changed, by the name it has in the trail. */
async function changed(store: Store): Promise<readonly string[]> {
  const now = 0;
  const limit = 100_000;
  const { runs } = await store.listRuns({ filter: {}, limit });
  const { entries } = await store.listState({ scope: "global", limit, now });
  const { users } = await store.identity.listUsers({ limit });
  const { tokens } = await store.identity.listTokens({ limit });
  const events = await store.listEvents({ after: 0, limit });
  return [
    ...runs.map(({ id }) => `run:${id}`),
    ...entries.map(({ key }) => `state:global/${key}`),
    ...users.map(({ id }) => `user:${id}`),
    ...tokens.map(({ id }) => `token:${id}`),
    ...events.map(({ name }) => `event:${name}`),
  ];
}

test("after a kill every acknowledged change has its row, every row its change, and the chain is whole", async () => {
  const folder = folders.next();
  const [file, ledger] = [join(folder, "state.db"), join(folder, "ledger")];
  writeFileSync(ledger, "");
  let instance: string | undefined;
  for (let round = 0; round < 5; round++) {
    await killAfter({ file, ledger, round, count: 60 + round * 97 });
    const store = await openSqliteStore({ file, onFatal: unexpected });
    const rows = await chain(store.audit);
    expect(rows.every(({ outcome }) => outcome === "done")).toBe(true);
    const told = rows.map(({ target }) => target).toSorted();
    expect(told).toEqual((await changed(store)).toSorted());
    const known = new Set(told);
    expect(known.size).toBe(told.length);
    expect(acknowledged(ledger).filter((target) => !known.has(target))).toEqual([]);
    expect(store.instance).toBe(instance ?? store.instance);
    instance = store.instance;
    await store.close();
  }
}, 60_000);
