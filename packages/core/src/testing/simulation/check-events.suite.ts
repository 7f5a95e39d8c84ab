// Every wait got the oldest event it could have, no run got one twice, and no wait ran out of time with its event there.
import { decodeValue } from "@sluice/protocol";
import type { JournalEntry } from "@sluice/protocol";
import { containing } from "../../kernel/match.ts";
import type { EventRecord } from "../../kernel/run-store.ts";
import type { Reckoned, Reckoning } from "./checks.suite.ts";
import type { Wanted } from "./recorder.suite.ts";

export async function checkEvents(p: Reckoning, all: readonly Reckoned[]): Promise<void> {
  // When the clock has jumped nobody knows what came first.
  if (p.world.jumpedMs > 0) return;
  const stored = await p.store.listEvents({ after: 0, limit: 1_000_000 });
  const load = async (event: EventRecord) => ({ ...event, payload: await p.engine.values.load(event.payload) });
  const events = await Promise.all(stored.map(load));
  const byNumber = new Map(events.map((event) => [numberIn(event.payload), event]));
  const byId = new Map(all.map((each) => [each.run.id, each]));
  for (const first of all) {
    if (first.run.continuedFrom !== undefined) continue;
    const so: SoFar = { since: first.run.createdAt, taken: new Set() };
    let each: Reckoned | undefined = first;
    // A retry gives events back, a fork takes some along. What a run has taken counts for those it goes on as.
    while (each !== undefined && each.run.attempt === 1 && each.run.forkedFrom === undefined) {
      checkRun(p, each, { events, byNumber, ...so });
      each = byId.get(each.run.continuedTo ?? "");
    }
  }
}

/** What is known of a chain of runs before the one that is looked at. */
interface SoFar {
  /** When the first of them was created. */
  readonly since: number;
  /** Events they have taken. */
  readonly taken: Set<number>;
}

interface Published extends SoFar {
  readonly events: readonly EventRecord[];
  readonly byNumber: ReadonlyMap<number, EventRecord>;
}

function numberIn(payload: Uint8Array): number {
  return (decodeValue(payload) as { readonly number: number }).number;
}

function checkRun(p: Reckoning, { run, journal }: Reckoned, { events, byNumber, since, taken }: Published): void {
  const { world, recorder } = p;
  const wanted = recorder.runs.get(run.id)?.wanted ?? new Map<number, Wanted>();
  const waits = journal.filter((entry) => entry.kind === "event").toSorted((a, b) => a.ord - b.ord);
  const lost = waits.some((entry) => entry.status === "aborted");
  for (const wait of waits) {
    const wish = wanted.get(wait.seq);
    if (wish === undefined || (wait.status !== "completed" && wait.status !== "failed")) continue;
    const got = wait.value === undefined ? undefined : byNumber.get(numberIn(wait.value));
    const what = `wait ${wait.seq} of run ${run.id} for ${wait.name} ${wish.key ?? ""}`;
    if (got !== undefined) {
      if (taken.has(got.id)) world.fail(`${what} got event ${got.id}, which the run had got before`);
      if (!answers(got, wish) || (wish.key === undefined && got.at < since))
        world.fail(`${what} got event ${got.id}, which is none of those`);
    }
    const missed = lost
      ? undefined
      : events.find(
          // One of the millisecond in which the run was created may have come before it.
          (event) => !taken.has(event.id) && answers(event, wish) && (wish.key !== undefined || event.at > since),
        );
    if (missed !== undefined && wasThere(missed, { wait, got }))
      world.fail(`${what} ${got === undefined ? "timed out" : `got event ${got.id}`} and missed event ${missed.id}`);
    if (got !== undefined) taken.add(got.id);
  }
}

function answers(event: EventRecord, wish: Wanted): boolean {
  if (event.name !== wish.name || (wish.key !== undefined && event.key !== wish.key)) return false;
  return containing(event.payload)(wish.match);
}

/** True when the event could have been had: it was older than what was got, or there before the time was up. */
function wasThere(
  event: EventRecord,
  p: { readonly wait: JournalEntry; readonly got: EventRecord | undefined },
): boolean {
  return p.got === undefined ? event.at < p.wait.end : event.id < p.got.id;
}
