import { describe, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { AuditHead } from "../../kernel/audit-log.ts";
import type { LogLevel } from "../../kernel/log.ts";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { openKeyFolder } from "../keys/key-folder.ts";
import { isSigned, readCheckpointKey } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { CheckpointFile } from "./checkpoint-places.ts";
import { Checkpoints } from "./checkpoints.ts";
import { noteOf, paths, start } from "./trail.fixture.suite.ts";

const next = paths();
const intervalMs = 60_000;

/** A trail in memory whose checkpoints go to a file, with a clock that the test moves. */
function desk() {
  const store = new MemoryRunStore();
  const clock = new SimulatedClock(start);
  const file = next("checkpoints");
  const keys = openKeyFolder(next("keys"));
  const logged: (readonly [LogLevel, string])[] = [];
  const open = (more: { store?: MemoryRunStore; replaces?: AuditHead } = {}) =>
    new Checkpoints({
      log: (more.store ?? store).audit,
      place: new CheckpointFile(file),
      keys,
      random: new SimulatedRandom(1),
      clock,
      logger: (level, message) => logged.push([level, message]),
      intervalMs,
      replaces: more.replaces,
    });
  let count = 0;
  const note = (to = store) => to.audit.recordAudit({ note: noteOf(++count) });
  const lines = (): Checkpoint[] =>
    readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Checkpoint);
  /** Moves the clock by an interval; what that set off is done when it answers. */
  const minute = async (checkpoints: Checkpoints) => {
    clock.advanceTo(clock.now() + intervalMs);
    await checkpoints.take();
  };
  return { store, clock, file, keys, logged, open, note, lines, minute };
}

describe("checkpoints", () => {
  test("are taken each minute in which the trail moved, and signed", async () => {
    const { clock, keys, lines, minute, note, open, store } = desk();
    const checkpoints = open();
    checkpoints.start();
    await minute(checkpoints);
    await note();
    await note();
    await minute(checkpoints);
    await minute(checkpoints);
    await note();
    await minute(checkpoints);
    expect(lines().map(({ seq, at }) => [seq, at])).toEqual([
      [2, start + 2 * intervalMs],
      [3, start + 4 * intervalMs],
    ]);
    expect(lines().at(-1)).toMatchObject(await store.audit.auditHead());
    const key = await readCheckpointKey(keys);
    expect(key !== undefined && lines().every((each) => isSigned(each, key))).toBe(true);
    await checkpoints.stop();
    expect(clock.pending).toBe(0);
  });

  test("are taken a last time at the end, and not again after a start", async () => {
    const { lines, logged, note, open } = desk();
    await note();
    const checkpoints = open();
    checkpoints.start();
    await checkpoints.stop();
    expect(lines().map(({ seq }) => seq)).toEqual([1]);
    const again = open();
    again.start();
    await again.take();
    expect(lines()).toHaveLength(1);
    await again.stop();
    expect(logged).toEqual([]);
  });

  test("that cannot be written are told once an interval, and made up for by the next", async () => {
    const { clock, file, lines, logged, minute, note, open } = desk();
    rmSync(dirname(file), { recursive: true });
    const checkpoints = open();
    checkpoints.start();
    await note();
    await minute(checkpoints);
    expect(checkpoints.failingSince).toBe(clock.now());
    await note();
    await minute(checkpoints);
    expect(checkpoints.failingSince).toBe(clock.now() - intervalMs);
    mkdirSync(dirname(file));
    await minute(checkpoints);
    expect(checkpoints.failingSince).toBeUndefined();
    expect(lines().map(({ seq }) => seq)).toEqual([2]);
    expect(logged.map(([level]) => level)).toEqual(["error", "error", "info"]);
    await checkpoints.stop();
  });

  test("say loudly when the trail is not the one signed last, and go on", async () => {
    const { file, lines, logged, note, open } = desk();
    await note();
    await note();
    const before = open();
    await before.stop();
    const other = new MemoryRunStore();
    await note(other);
    const after = open({ store: other });
    await after.take();
    expect(logged).toEqual([
      ["error", "the audit trail is not the one that was signed last: run `sluice audit verify`"],
    ]);
    expect(lines().map(({ seq }) => seq)).toEqual([2, 1]);
    await after.stop();
    appendFileSync(file, "nonsense\n");
    expect(lines).toThrow();
  });

  test("name what a restored backup took the place of, at once and once", async () => {
    const { lines, logged, minute, note, open, store } = desk();
    await note();
    await note();
    await open().stop();
    const replaces = await store.audit.auditHead();
    const restored = new MemoryRunStore();
    await note(restored);
    const checkpoints = open({ store: restored, replaces });
    checkpoints.start();
    await checkpoints.take();
    await note(restored);
    await minute(checkpoints);
    expect(lines().map((each) => each.replaces)).toEqual([undefined, replaces, undefined]);
    expect(logged).toEqual([]);
    await checkpoints.stop();
  });
});
