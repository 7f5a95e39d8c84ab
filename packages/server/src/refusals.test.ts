// Refusals are written down, but no flood of them fills the disk.
import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "@sluice/core/testing";
import { RefusalLog } from "./refusals.ts";
import type { Refusal, RefusalTrail } from "./refusals.ts";

type Note = Parameters<RefusalTrail["recordAudit"]>[0]["note"];

function refusals(more: { recordAudit?: RefusalTrail["recordAudit"] } = {}) {
  const notes: Note[] = [];
  const logged: string[] = [];
  const clock = new SimulatedClock(1_800_000_000_000);
  const log = new RefusalLog({
    trail: {
      recordAudit: ({ note }) => {
        notes.push(note);
        return Promise.resolve({ seq: notes.length });
      },
      ...more,
    },
    clock,
    log: (_level, message) => logged.push(message),
    perMinuteMax: 3,
    callersMax: 2,
  });
  return { log, notes, logged, clock };
}

const from = (address: string | undefined, reason = "forbidden"): Refusal => ({
  by: { kind: "token", id: "tkn_1", origin: address === undefined ? {} : { address } },
  action: "run:cancel",
  target: "route:cancelRun",
  reason,
});
const counted = (notes: readonly Note[]) =>
  notes.flatMap(({ by, after }) => (after === undefined ? [] : [[by.origin?.address, after]]));

describe("a refusal", () => {
  test("is written with who, what and why", async () => {
    const { log, notes } = refusals();
    log.note(from("192.0.2.1"));
    await log.close();
    expect(notes).toEqual([{ ...from("192.0.2.1"), at: 1_800_000_000_000, outcome: "refused" }]);
  });

  test("past the number of a minute is counted, and the count written at its end", async () => {
    const { log, notes, clock } = refusals();
    for (let i = 0; i < 1_000; i++) log.note(from("192.0.2.1"));
    expect(notes).toHaveLength(3);
    clock.advance(60_000);
    expect(counted(notes)).toEqual([["192.0.2.1", '{"refusals":997}']]);
    log.note(from("192.0.2.1"));
    expect(notes).toHaveLength(5);
  });

  test("of one address does not hide those of another, and of endless addresses a bounded number is written", async () => {
    const { log, notes, clock } = refusals();
    for (let i = 0; i < 500; i++) {
      for (const host of [1, 2, 3, 4, 5, 6, 7]) log.note(from(`192.0.2.${host}`));
    }
    expect(notes).toHaveLength(9);
    clock.advance(60_000);
    expect(counted(notes)).toEqual([
      ["192.0.2.1", '{"refusals":497}'],
      ["192.0.2.2", '{"refusals":497}'],
      [undefined, '{"refusals":2497}'],
    ]);
  });

  test("counts for the network of an IPv6 address", () => {
    const { log, notes } = refusals();
    for (let i = 0; i < 100; i++) log.note(from(`2001:db8::${i.toString(16)}`));
    expect(notes).toHaveLength(3);
  });

  test("that is counted when the server stops is written then", async () => {
    const { log, notes } = refusals();
    for (let i = 0; i < 4; i++) log.note(from(undefined));
    await log.close();
    expect(counted(notes)).toEqual([[undefined, '{"refusals":1}']]);
  });

  test("that cannot be written is in the log", async () => {
    const { log, logged } = refusals({ recordAudit: () => Promise.reject(new Error("the disk is full")) });
    log.note(from("192.0.2.1"));
    await log.close();
    expect(logged).toEqual(["a refusal could not be written to the audit trail"]);
  });
});
