// Every wait got the oldest event it could have, no run got one twice, and no wait ran out of time with its event there.
import { decodeValue } from "@sluice/protocol";
import type { JournalEntry } from "@sluice/protocol";
import { containsEncoded } from "../../kernel/match.ts";
import type { EventRecord } from "../../kernel/run-store.ts";
import type { Reckoned, Reckoning } from "./checks.suite.ts";
import type { Wanted } from "./recorder.suite.ts";

export async function checkEvents(p: Reckoning, all: readonly Reckoned[]): Promise<void> {
  // What is kept in a blob cannot be looked into, and when the clock has jumped nobody knows what came first.
  if (p.profile.blobs || p.world.jumpedMs > 0) return;
  const events = await p.store.listEvents({ after: 0, limit: 1_000_000 });
  const byNumber = new Map(events.map((event) => [numberIn(event.payload), event]));
  for (const each of all) {
    // A retry gives events back, a fork takes some along.
    if (each.run.attempt === 1 && each.run.forkedFrom === undefined) checkRun(p, each, { events, byNumber });
  }
}

interface Published {
  readonly events: readonly EventRecord[];
  readonly byNumber: ReadonlyMap<number, EventRecord>;
}

function numberIn(payload: Uint8Array): number {
  return (decodeValue(payload) as { readonly number: number }).number;
}

function checkRun(p: Reckoning, { run, journal }: Reckoned, { events, byNumber }: Published): void {
  const { world, recorder } = p;
  const wanted = recorder.runs.get(run.id)?.wanted ?? new Map<number, Wanted>();
  const waits = journal.filter((entry) => entry.kind === "event").toSorted((a, b) => a.ord - b.ord);
  const lost = waits.some((entry) => entry.status === "aborted");
  const taken = new Set<number>();
  for (const wait of waits) {
    const wish = wanted.get(wait.seq);
    if (wish === undefined || (wait.status !== "completed" && wait.status !== "failed")) continue;
    const got = wait.value === undefined ? undefined : byNumber.get(numberIn(wait.value));
    const what = `wait ${wait.seq} of run ${run.id} for ${wait.name} ${wish.key ?? ""}`;
    if (got !== undefined) {
      if (taken.has(got.id)) world.fail(`${what} got event ${got.id}, which the run had got before`);
      if (!answers(got, wish, run.createdAt)) world.fail(`${what} got event ${got.id}, which is none of those`);
    }
    const missed = lost
      ? undefined
      : events.find((event) => !taken.has(event.id) && answers(event, wish, run.createdAt));
    if (missed !== undefined && wasThere(missed, { wait, got }))
      world.fail(`${what} ${got === undefined ? "timed out" : `got event ${got.id}`} and missed event ${missed.id}`);
    if (got !== undefined) taken.add(got.id);
  }
}

function answers(event: EventRecord, wish: Wanted, createdAt: number): boolean {
  if (event.name !== wish.name || (wish.key === undefined ? event.at < createdAt : event.key !== wish.key))
    return false;
  return containsEncoded(event.payload, wish.match);
}

/** True when the event could have been had: it was older than what was got, or there before the time was up. */
function wasThere(
  event: EventRecord,
  p: { readonly wait: JournalEntry; readonly got: EventRecord | undefined },
): boolean {
  return p.got === undefined ? event.at < p.wait.end : event.id < p.got.id;
}
