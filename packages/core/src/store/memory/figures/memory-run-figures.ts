// The figures port in memory: everything is found by walking over all runs.
import { isFinalStatus, SluiceError, type RunStatus, type RunStatusReason } from "@sluice/protocol";
import { matchesAny, sees } from "../../../kernel/patterns.ts";
import {
  hourMs,
  hourOf,
  nominalAtOf,
  statisticsOf,
  type EventWait,
  type RunFigures,
  type RunOutline,
  type VersionRuns,
} from "../../../kernel/run-figures.ts";
import type { RunRow, WaitRow } from "../rows.ts";
import type { Tables } from "../tables.ts";

type Params<Verb extends keyof RunFigures> = Parameters<RunFigures[Verb]>[0];
type Answer<Verb extends keyof RunFigures> = Awaited<ReturnType<RunFigures[Verb]>>;

export class MemoryRunFigures implements RunFigures {
  readonly #tables: () => Tables;

  constructor(tables: () => Tables) {
    this.#tables = tables;
  }

  #seen(access: Params<"countTimers">["access"]): readonly RunRow[] {
    return this.#tables()
      .runs.all()
      .filter(({ record }) => sees(access, record.workflow));
  }

  async runStatistics(p: Params<"runStatistics">): Promise<Answer<"runStatistics">> {
    const [from, to] = [hourOf(p.from), Math.ceil(p.to / hourMs)];
    const rows = [...this.#tables().tally.all()].filter(
      ({ hour, workflow }) =>
        hour >= from && hour < to && (p.workflow === undefined || workflow === p.workflow) && sees(p.access, workflow),
    );
    return statisticsOf(rows, p.each === true);
  }

  async countByWorkflow(p: Params<"countByWorkflow">): Promise<Answer<"countByWorkflow">> {
    const found = new Map<string, { runs: Partial<Record<RunStatus, number>>; ready: number; lastAt: number }>();
    for (const row of this.#seen(p.access)) {
      const { workflow, status, createdAt } = row.record;
      if (p.workflow !== undefined && workflow !== p.workflow) continue;
      const counts = found.get(workflow) ?? { runs: {}, ready: 0, lastAt: createdAt };
      counts.runs[status] = (counts.runs[status] ?? 0) + 1;
      if (row.heapAt >= 0) counts.ready++;
      counts.lastAt = Math.max(counts.lastAt, createdAt);
      found.set(workflow, counts);
    }
    return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([workflow, counts]) => ({ workflow, ...counts }));
  }

  async countNeeds(p: Params<"countNeeds">): Promise<Answer<"countNeeds">> {
    const blocked: Partial<Record<RunStatusReason, number>> = {};
    let failed = 0;
    for (const { record } of this.#seen(p.access)) {
      const { status, reason, endedAt } = record;
      const lost = status === "failed" || status === "timedout";
      if (lost && endedAt !== undefined && endedAt >= p.failedSince) failed++;
      if (record.blocked && reason !== undefined) blocked[reason] = (blocked[reason] ?? 0) + 1;
    }
    const limit = Number.MAX_SAFE_INTEGER;
    const open = this.#tables().tokens.list({ kind: "approval", status: "open", limit, access: p.approvals });
    return { approvals: open.length, failed, blocked };
  }

  async countByVersion(p: Params<"countByVersion">): Promise<Answer<"countByVersion">> {
    const counts = new Map<string, VersionRuns>();
    for (const { record } of this.#seen(p.access)) {
      if (isFinalStatus(record.status)) continue;
      const { version, workflow, status } = record;
      const slot = JSON.stringify([version, workflow, status]);
      counts.set(slot, { version, workflow, status, runs: (counts.get(slot)?.runs ?? 0) + 1 });
    }
    const order = ({ version, workflow, status }: VersionRuns): string => `${version}\0${workflow}\0${status}`;
    return [...counts.values()].toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  async countTimers(p: Params<"countTimers">): Promise<number> {
    let timers = 0;
    for (const { waits } of this.#seen(p.access)) for (const wait of waits) if (wait.due !== undefined) timers++;
    return p.access === undefined ? timers : Math.min(timers, p.max);
  }

  async listWaits(p: Params<"listWaits">): Promise<Answer<"listWaits">> {
    const all = this.#seen(p.access)
      .flatMap(({ waits }) => [...waits])
      .filter(({ kind, ref }) => kind === "event" && ref !== undefined && matchesAny(p.names, ref))
      .filter(({ ref }) => p.event === undefined || ref === p.event)
      .toSorted((a, b) => (a.ref === b.ref ? a.place - b.place : (a.ref ?? "") < (b.ref ?? "") ? -1 : 1));
    const start = p.cursor === undefined ? 0 : all.findIndex((wait) => isAfter(wait, p.cursor ?? ""));
    const left = start === -1 ? [] : all.slice(start);
    const page = left.slice(0, p.limit);
    const last = page.at(-1);
    const waits = page.map(toWait);
    return left.length <= p.limit || last === undefined ? { waits } : { waits, next: `${last.place} ${last.ref}` };
  }

  async listScheduledRuns(p: Params<"listScheduledRuns">): Promise<Answer<"listScheduledRuns">> {
    const found = this.#seen(p.access).flatMap(({ record }) => {
      const { id: run, schedule, workflow, status, createdAt, tags } = record;
      if (schedule === undefined || (p.workflow !== undefined && workflow !== p.workflow)) return [];
      const times = tags.map(nominalAtOf).filter((at) => at !== undefined && at >= p.from && at < p.to);
      return times.map((nominalAt = 0) => ({ run, schedule, workflow, status, nominalAt, createdAt }));
    });
    return found
      .toSorted((a, b) => a.nominalAt - b.nominalAt || a.createdAt - b.createdAt || (a.run < b.run ? -1 : 1))
      .slice(0, p.limit);
  }

  async listOutlines(p: Params<"listOutlines">): Promise<Answer<"listOutlines">> {
    const { runs } = this.#tables();
    const filter = { workflow: p.workflow };
    const page = runs.list({ filter, limit: p.limit, cursor: p.cursor });
    return { outlines: page.runs.map(({ id }) => outlineOf(runs.get(id), p.entriesMax)), next: page.next };
  }

  async getEntry(p: Params<"getEntry">): Promise<Answer<"getEntry">> {
    const run = this.#tables().runs.get(p.run);
    const row = run === undefined || !sees(p.access, run.record.workflow) ? undefined : run.entries.get(p.seq);
    return row === undefined ? undefined : { ...row.entry };
  }

  async listAttempts(p: Params<"listAttempts">): Promise<Answer<"listAttempts">> {
    const run = this.#tables().runs.get(p.run);
    if (run === undefined || !sees(p.access, run.record.workflow)) return [];
    return [...run.entries.values()]
      .toSorted((a, b) => a.entry.seq - b.entry.seq)
      .flatMap(({ entry, attempts = [] }) =>
        attempts.map(({ attempt, at, end, error }) => ({ seq: entry.seq, attempt, at, end, error })),
      );
  }
}

function outlineOf(run: RunRow | undefined, entriesMax: number): RunOutline {
  if (run === undefined) throw new Error("a run that was listed is not there");
  const entries = [...run.entries.values()]
    .map(({ entry: { seq, kind, name, status, ord, at, end } }) => ({ seq, kind, name, status, ord, at, end }))
    .filter(({ seq }) => seq >= 0)
    .toSorted((a, b) => a.seq - b.seq)
    .slice(0, entriesMax);
  return { run: run.record.id, status: run.record.status, entries };
}

function toWait({ run, seq, ref = "", key, match, due, entry }: WaitRow): EventWait {
  const { id, workflow } = run.record;
  if (entry === undefined) throw new Error("a wait for an event belongs to an entry");
  return {
    run: id,
    workflow,
    seq,
    event: ref,
    since: entry.entry.at,
    ...(key === undefined ? {} : { key }),
    ...(match === undefined ? {} : { match }),
    ...(due === undefined ? {} : { dueAt: due }),
  };
}

/** Whether a wait comes after the last one of the page before. */
function isAfter({ ref = "", place }: WaitRow, cursor: string): boolean {
  const [, no, event] = /^(\d{1,16}) (.*)$/s.exec(cursor) ?? [];
  if (event === undefined)
    throw new SluiceError({ code: "invalid_filter", message: "The cursor is not one of this list." });
  return ref === event ? place > Number(no) : ref > event;
}
