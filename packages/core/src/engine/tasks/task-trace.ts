// Where the attempts of a task stand in the trace of the run that calls it, so that a worker anywhere can pass it on.
import { formatTraceparent, parseTraceparent, spanIdOf } from "@sluice/protocol";
import type { EngineParts } from "../parts.ts";
import type { ActiveTask } from "./active-task.ts";

/** The span that began a run, as a `traceparent`. */
export interface Began {
  readonly trace: string | undefined;
}

/** That of a run which need not be in memory. A task is done without, rather than not at all, where it cannot be read. */
export async function beganOf(parts: Pick<EngineParts, "hot" | "store" | "log">, run: string): Promise<Began> {
  const { hot, store, log } = parts;
  try {
    const record = await store.getRun({ run });
    return { trace: record === undefined ? undefined : hot.traceOf(record) };
  } catch (error) {
    log("warn", "the trace of a task is not known", { run, error: String(error) });
    return { trace: undefined };
  }
}

/** The span of the attempt under way; nothing where its run is part of no trace. */
export function traceOf({ began, run, seq, attempt }: ActiveTask): { readonly trace?: string } {
  const span = parseTraceparent(began?.trace);
  return span === undefined ? {} : { trace: formatTraceparent({ ...span, spanId: spanIdOf(run, seq, attempt) }) };
}
