// Failovers under way: each phase as the machine asks for it, noted before it begins, so that whoever looks knows how far it has come.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { Clock } from "../../kernel/clock.ts";
import type { ClusterStore } from "../../kernel/cluster-store.ts";
import type { FailoverRecord } from "../../kernel/recovery-store.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { notFound } from "../refusals.ts";
import { act } from "./actions.ts";
import { DrillWriter, measuredOf, prepareLedger, survivorsOf } from "./drill.ts";
import type { Measured } from "./drill.ts";
import type { Desk } from "./drivers.ts";
import type { Attempt, Outcome, Phase, State } from "./machine.ts";
import type { SqlServers } from "./ports.ts";
import type { RecoverySpec } from "./recovery-file.ts";

export interface FailoversOptions {
  readonly store: ClusterStore;
  readonly open: (spec: RecoverySpec, from: string | undefined) => Promise<Result<Desk>>;
  readonly servers: SqlServers;
  readonly secret: (name: string) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

const catchUpLooksMax = 20;
const catchUpMs = 500;
/** Rows that a drill has to have written before and after. */
const rowsEnough = 5;

/** Phases before which everything can be taken back. */
const reversible: ReadonlySet<string> = new Set(["confirm", "claim", "freeze", "fence", "assess", "thaw"]);

export class Failovers {
  readonly #options: FailoversOptions;
  readonly #writers = new Map<string, DrillWriter>();

  constructor(options: FailoversOptions) {
    this.#options = options;
  }

  /** What it is to do, for the machine. */
  async attempt(id: string): Promise<Result<Attempt>> {
    const record = await this.#options.store.getFailover({ failover: id });
    if (record === undefined) return fail(notFound("failover", id));
    const { confirm, loss } = decodeValue(record.spec) as RecoverySpec;
    const { from, to, before, mode, overrides } = record;
    const { agree, dwellMs } = confirm;
    const looks = { catchUpLooksMax, catchUpMs };
    return ok({ id, from, to, before, mode, agree, dwellMs, lossBytesMax: loss.bytesMax, overrides, ...looks });
  }

  /** Does a phase, if the failover is still the one that is under way. Whoever has to answer and does not is `cluster_unreachable`. */
  async act(id: string, state: State, phase: Phase | "thaw"): Promise<Result<Outcome>> {
    const { store, clock, open } = this.#options;
    const record = await store.getFailover({ failover: id });
    const attempt = await this.attempt(id);
    if (record === undefined || !attempt.ok) return fail(notFound("failover", id));
    const noted = await store.noteFailover({ failover: id, state: encodeValue({ ...state, phase }), now: clock.now() });
    if (noted.outcome === "stale") {
      const message = `Failover ${id} is no longer under way.`;
      return fail({ code: "operation_superseded", message, hint: "Another one has taken its place." });
    }
    const desk = await open(decodeValue(record.spec) as RecoverySpec, record.from);
    if (!desk.ok) return desk;
    const outcome = await act(desk.value, attempt.value, { state, phase });
    if (!("waiting" in outcome)) return ok(outcome);
    return fail({ code: "cluster_unreachable", message: outcome.waiting, hint: "It is asked again." });
  }

  /** Opens the site before again, when a failover is cancelled that has promoted nothing. */
  async takeBack(id: string): Promise<Result<null>> {
    const record = await this.#options.store.getFailover({ failover: id });
    const state = record?.state === undefined ? undefined : (decodeValue(record.state) as State);
    if (state?.epoch !== undefined && reversible.has(state.phase) && !state.promoted) {
      const thawed = await this.act(id, state, "thaw");
      if (!thawed.ok && thawed.error.code !== "operation_superseded") return thawed;
    }
    await this.end(id, "failed", undefined);
    return ok(null);
  }

  async end(id: string, status: "completed" | "failed", state: State | undefined): Promise<void> {
    const { store, clock } = this.#options;
    await this.#writers.get(id)?.stop();
    this.#writers.delete(id);
    const kept = state === undefined ? {} : { state: encodeValue(state) };
    const measured = this.#measured.get(id);
    this.#measured.delete(id);
    const figures = measured === undefined ? {} : { measured: encodeValue(measured) };
    await store.endFailover({ failover: id, status, ...kept, ...figures, now: clock.now() });
  }

  readonly #measured = new Map<string, Measured>();

  /** Begins to write as clients do, until rows are acknowledged. */
  async beginDrill(id: string): Promise<Result<null>> {
    const { servers, timeoutMs, clock } = this.#options;
    const ground = await this.#drillOf(id);
    if (!ground.ok) return ground;
    const { url, straight, record } = ground.value;
    if (this.#writers.has(id)) return this.#written(id, rowsEnough);
    try {
      await servers.session({ url: straight(record.from), timeoutMs, work: (query) => prepareLedger(query, id) });
    } catch (error) {
      return unreachable(error);
    }
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
    const writer = new DrillWriter({ drill: id, sentinel: record.hash, url, servers, timeoutMs, clock, pause });
    this.#writers.set(id, writer);
    writer.begin();
    return this.#written(id, rowsEnough);
  }

  /** Waits until rows are acknowledged at the new site, and compares the ledger with what is there. */
  async measure(id: string): Promise<Result<Measured>> {
    const { servers, timeoutMs } = this.#options;
    const ground = await this.#drillOf(id);
    if (!ground.ok) return ground;
    const writer = this.#writers.get(id);
    if (writer === undefined) {
      const message = `The writer of ${id} has gone with the process that had it: nothing was measured.`;
      return fail({ code: "not_ready", message, hint: "Drill again." });
    }
    const { straight, record } = ground.value;
    const more = await this.#written(id, writer.ledger.length + rowsEnough);
    if (!more.ok) return more;
    await writer.stop();
    try {
      const sought = { drill: id, sentinel: record.hash };
      const work = (url: string) => servers.session({ url, timeoutMs, work: (query) => survivorsOf(query, sought) });
      const measured = measuredOf(writer.ledger, await work(straight(record.to)));
      this.#measured.set(id, measured);
      return ok(measured);
    } catch (error) {
      return unreachable(error);
    }
  }

  async #written(id: string, count: number): Promise<Result<null>> {
    const { clock, timeoutMs } = this.#options;
    const until = clock.now() + timeoutMs;
    const written = (): number => this.#writers.get(id)?.ledger.length ?? 0;
    while (written() < count) {
      if (clock.now() > until) return unreachable(new Error(`${written()} of ${count} rows are acknowledged`));
      await new Promise<void>((resolve) => void clock.after(20, resolve));
    }
    return ok(null);
  }

  async #drillOf(
    id: string,
  ): Promise<
    Result<{ readonly record: FailoverRecord; readonly url: string; readonly straight: (site: string) => string }>
  > {
    const { store, secret } = this.#options;
    const record = await store.getFailover({ failover: id });
    if (record === undefined) return fail(notFound("failover", id));
    const spec = decodeValue(record.spec) as RecoverySpec;
    const valueOf = async (kept: string | { readonly secret: string } | undefined): Promise<string> =>
      (typeof kept === "object" ? await secret(kept.secret) : kept) ?? "";
    const urls = new Map<string, string>();
    for (const [site, kept] of Object.entries(spec.data[0]?.urls ?? {})) urls.set(site, await valueOf(kept));
    return ok({ record, url: await valueOf(spec.drill.url), straight: (site) => urls.get(site) ?? "" });
  }
}

function unreachable(error: unknown): Result<never> {
  const message = error instanceof Error ? error.message : String(error);
  return fail({ code: "cluster_unreachable", message: `The drill: ${message}`, hint: "It is asked again." });
}
