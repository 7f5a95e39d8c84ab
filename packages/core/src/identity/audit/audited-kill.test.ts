import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { openSqliteStore } from "../../store/sqlite/index.ts";
import { systemClock } from "../../kernel/clock.ts";
import { stateIntent } from "./audited.ts";
import { paths } from "./trail.fixture.suite.ts";
import { verifyAudit } from "./verify.ts";

const next = paths();

test("killed between intent and outcome, the trail says what was begun, and the check that it has no outcome", async () => {
  const file = next("state.db");
  const child = spawn(process.execPath, [join(import.meta.dir, "audited-child.suite.ts"), file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  const begun = new Promise((resolve) => child.stdout.once("data", resolve));
  expect(await Promise.race([begun.then(() => "begun"), ended])).toBe("begun");
  child.kill("SIGKILL");
  expect(await ended).toBe("SIGKILL");

  const store = await openSqliteStore({
    file,
    onFatal: (error) => {
      throw error;
    },
  });
  const [row, ...more] = await store.audit.readAudit({ after: 0, limit: 9 });
  expect(more).toEqual([]);
  expect(row).toMatchObject({ seq: 1, outcome: "intended", action: "backup:restore", by: { id: "ada" } });
  const { ok, warnings } = await verifyAudit({ chain: store.audit });
  expect({ ok, warnings }).toEqual({
    ok: true,
    warnings: [
      expect.stringContaining("Row 1 says what user:ada was about to do (backup:restore"),
      expect.stringContaining("No signed checkpoints"),
    ],
  });
  // What was begun again is another intent: the first stays without an outcome for good.
  const again = await stateIntent({ log: store.audit, clock: systemClock }, { ...row!, after: undefined });
  await again.done();
  expect((await verifyAudit({ chain: store.audit })).warnings[0]).toStartWith("Row 1 says");
  await store.close();
});
