// A server that is killed while it restores a backup has, started again, the data before or that of the backup, and all of it.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sluice } from "./cli-process.ts";
import { hasStatus, restoreRig, run, runIds, sendBackup, show, until } from "./restore-rig.ts";
import { call, killAll } from "./server-process.ts";

const { work, project, start, backup } = restoreRig("restore-kill");

const data = join(work, "killed");
/** Rounds that kill at any time, and rounds that kill once the new data is on its way into place. */
const rounds = { anytime: 5, late: 3 };
let random = 4_711;
/** From 0 up to 1, each time another; the times themselves are as the machine has them. */
const share = (): number => {
  random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
  return (random >>> 8) / 2 ** 24;
};

test("SIGKILL while a backup is restored leaves wholly the data before or wholly that of the backup", async () => {
  let server = await start(data);
  await run(server, ["echo", "y".repeat(80_000)]);
  const waiting = await run(server, ["waits", null], "");
  await hasStatus(server, waiting.id, "waiting");
  const ofBackup = await runIds(server);
  const bytes = new Uint8Array(readFileSync(await backup(server, "killed.tar")));
  let wholeMs = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < 3; trial++) {
    const from = performance.now();
    expect((await sendBackup(server, bytes)).status).toBe(200);
    wholeMs = Math.min(wholeMs, performance.now() - from);
  }
  for (let round = 0; round < rounds.anytime + rounds.late; round++) {
    const late = round >= rounds.anytime;
    await run(server, ["double", round]);
    await run(server, ["echo", `${round}`.repeat(90_000)]);
    const current = await runIds(server);
    const known = new Set(readdirSync(data));
    const answer = sendBackup(server, bytes).then(
      (response) => response.status,
      () => "cut off",
    );
    const killAt = performance.now() + wholeMs * share();
    const committed = (): boolean =>
      readdirSync(data).some((name) => !known.has(name) && /^(?:restored|before-restore)-/.test(name));
    await until(() => (late ? committed() : performance.now() >= killAt));
    await killAll(server);
    const said = await answer;

    server = await start(data);
    const found = await runIds(server);
    const isBackup = found.length === ofBackup.length;
    expect(found).toEqual(isBackup ? ofBackup : current);
    if (late || said === 200) expect(isBackup).toBe(true);
    expect(readdirSync(data).filter((name) => name.startsWith("rest"))).toEqual([]);
    if (isBackup) expect(keptRuns(newest())).toEqual(current);
    // The audit trail of the backup says that it was restored, whenever the kill came.
    const told = await call<{ records: unknown[] }>(server, "GET /api/v1/audit?action=backup:restore&outcome=done");
    if (isBackup) expect(told?.body.records).toHaveLength(1);
    // Whichever it is, it is whole and goes on.
    for (const id of found) expect((await show(server, id))?.status).toBe(id === waiting.id ? "waiting" : "completed");
    server.process.kill("SIGTERM");
    expect(await server.exited).toBe(0);
    const looked = await sluice(["doctor", "--project", project, "--data", data, "--json"]);
    const checks = (JSON.parse(looked.stdout) as { checks: { name: string; state: string }[] }).checks;
    expect(checks.find(({ name }) => name === "database")?.state).toBe("ok");
    server = await start(data);
  }
  await call(server, "POST /api/v1/events", { name: "go", payload: "at last" });
  await hasStatus(server, waiting.id, "completed");
}, 180_000);

/** The folder of the data before the last restore. */
function newest(): string {
  const kept = readdirSync(data).filter(
    (name) => name.startsWith("before-restore-") && statSync(join(data, name)).isDirectory(),
  );
  return join(data, kept.toSorted().at(-1) ?? "none");
}

function keptRuns(folder: string): string[] {
  const db = new Database(join(folder, "state.db"));
  try {
    return db
      .query<{ id: string }, []>("SELECT id FROM runs ORDER BY id")
      .all()
      .map(({ id }) => id)
      .toSorted();
  } finally {
    db.close();
  }
}
