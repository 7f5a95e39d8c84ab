// Where the attempts of a task stand in the trace of the run that calls it, so that a worker anywhere can pass it on.
import { formatTraceparent, parseTraceparent, spanIdOf } from "@sluice/protocol";
import type { EngineParts } from "../parts.ts";
import type { ActiveTask } from "./active-task.ts";

/** The span that began a run, as a `traceparent`. */
export interface Began {
  readonly trace: string | undefined;
}

/** That of a run which need not be in memory. */
export async function beganOf({ hot, store }: Pick<EngineParts, "hot" | "store">, run: string): Promise<Began> {
  const record = await store.getRun({ run });
  return { trace: record === undefined ? undefined : hot.traceOf(record) };
}

/** The span of the attempt under way; nothing where its run is part of no trace. */
export function traceOf({ began, run, seq, attempt }: ActiveTask): { readonly trace?: string } {
  const span = parseTraceparent(began?.trace);
  return span === undefined ? {} : { trace: formatTraceparent({ ...span, spanId: spanIdOf(run, seq, attempt) }) };
}
