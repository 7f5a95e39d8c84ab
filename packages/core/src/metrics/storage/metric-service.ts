// What a thread of metrics can be asked. Failures of storage get their code here; what is wrong with a question is its answer.
import { SluiceError } from "@sluice/protocol";
import type { MetricLimits } from "../limits.ts";
import { answerPromQl } from "../promql/evaluate.ts";
import type { PromQlAnswer, Steps } from "../promql/evaluate.ts";
import { parsePromQl } from "../promql/parse.ts";
import { PromQlError, unanswerable } from "../promql/promql-error.ts";
import type { Matcher } from "../promql/source.ts";
import { MetricDatabase } from "./database.ts";
import type { ThreadCall } from "./metric-calls.ts";

const metricVerbs = ["open", "put", "thin", "query", "series", "about", "history", "kept"] as const;
export type MetricVerb = (typeof metricVerbs)[number];

interface Opening {
  readonly folder: string;
  readonly limits: MetricLimits;
  readonly access: "read" | "write";
}

export interface ThreadQuery {
  readonly text: string;
  readonly steps: Steps;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly timeMsMax: number;
}

export interface Refused {
  readonly refused: { readonly kind: "bad_data" | "execution"; readonly message: string; readonly at: number | null };
}

/** How old the latest value of a series may be, as in Prometheus. What is kept coarser reaches as far as two of its slots. */
const lookbackMs = 300_000;
const middleLookbackMs = 600_000;
const coarseLookbackMs = 7_200_000;

export class MetricService {
  #db: MetricDatabase | undefined;
  #limits: MetricLimits | undefined;

  answer({ verb, params }: Pick<ThreadCall, "verb" | "params">): unknown {
    if (verb === "open") return this.#open(params as Opening);
    const db = this.#db;
    if (db === undefined) throw new Error("the thread has opened no file");
    try {
      switch (verb) {
        case "put":
          db.put(params as Parameters<MetricDatabase["put"]>[0]);
          return db.operations;
        case "thin":
          return db.thin((params as { readonly nowMs: number }).nowMs);
        case "query":
          return this.#query(db, params as ThreadQuery);
        case "series":
          return seriesOf(db, params as Parameters<typeof seriesOf>[1]);
        case "about":
          return db.about((params as { readonly name: string | undefined }).name);
        case "history":
          return db.history(params as Parameters<MetricDatabase["history"]>[0]);
        default:
          return db.kept();
      }
    } catch (error) {
      throw storageFailure(error);
    }
  }

  #open(p: Opening): void {
    try {
      this.#db = new MetricDatabase(p.folder, p.limits, p.access);
      this.#limits = p.limits;
    } catch (error) {
      throw storageFailure(error);
    }
  }

  #query(db: MetricDatabase, p: ThreadQuery): PromQlAnswer | Refused {
    const limits = this.#limits;
    if (limits === undefined) throw new Error("the thread has opened no file");
    const until = performance.now() + p.timeMsMax;
    const checkTime = (): void => {
      if (performance.now() > until) throw unanswerable("query timed out in expression evaluation (metricQueryMsMax)");
    };
    let samples = 0;
    const spend = (count: number): void => {
      samples += count;
      checkTime();
      if (samples > limits.metricQuerySamplesMax)
        throw unanswerable("query processing would load too many samples into memory (metricQuerySamplesMax)");
    };
    const back = (atMs: number): number => {
      if (atMs >= p.nowMs - limits.metricFineKeptMs) return lookbackMs;
      return atMs >= p.nowMs - limits.metricMiddleKeptMs ? middleLookbackMs : coarseLookbackMs;
    };
    try {
      return answerPromQl(parsePromQl(p.text), {
        source: { select: (matchers, span) => db.select(matchers, span, spend) },
        steps: p.steps,
        lookbackMs: back,
        checkTime,
      });
    } catch (error) {
      if (!(error instanceof PromQlError)) throw error;
      return { refused: { kind: error.kind, message: error.message, at: error.at ?? null } };
    }
  }
}

/** Labels of series that fit one of the selectors. */
function seriesOf(
  db: MetricDatabase,
  p: { readonly matchers: readonly (readonly Matcher[])[]; readonly fromMs: number },
): readonly Readonly<Record<string, string>>[] {
  const found = new Map(p.matchers.flatMap((each) => db.find(each, p.fromMs)).map(({ id, labels }) => [id, labels]));
  return [...found.values()];
}

function storageFailure(error: unknown): unknown {
  if (error instanceof SluiceError || !(error instanceof Error)) return error;
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== "string" || !code.startsWith("SQLITE_")) return error;
  if (code === "SQLITE_FULL")
    return new SluiceError({ code: "disk_full", message: "The disk is full: metrics cannot be written." });
  return new SluiceError({ code: "store_failed", message: `The metrics cannot be read or written: ${error.message}` });
}
