// How a run has ended, for those who wait for it.
import { ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { FinishedRun, RunRecord } from "../kernel/run-store.ts";
import { notFound } from "./operations.ts";
import type { EngineParts } from "./parts.ts";

/** How a run ended, as soon as it has. Rejects when the signal is aborted before. */
export async function awaitEnd(
  { hot, store, watchers }: Pick<EngineParts, "hot" | "store" | "watchers">,
  run: string,
  signal: AbortSignal | undefined,
): Promise<Result<FinishedRun>> {
  let stop = (): void => undefined;
  const waited = new Promise<FinishedRun>((resolve) => {
    stop = watchers.onEnd(run, resolve);
  });
  if (hot.has(run)) return ok(await orAbort(waited, signal, stop));
  const record = await store.getRun({ run });
  const end = record === undefined ? undefined : endOf(record);
  if (record !== undefined && end === undefined) return ok(await orAbort(waited, signal, stop));
  stop();
  return end === undefined ? notFound(run) : ok(end);
}

/** The end of a run; undefined while it goes on. */
export function endOf(run: RunRecord): FinishedRun | undefined {
  switch (run.status) {
    case "completed":
    case "failed":
    case "cancelled":
    case "timedout":
      return {
        run: run.id,
        workflow: run.workflow,
        status: run.status,
        output: run.output,
        error: run.error,
        reason: run.reason,
        continuedTo: run.continuedTo,
      };
    default:
      return undefined;
  }
}

/** What the promise resolves to, unless the signal is aborted before; `stop` is called then. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined, stop: () => void): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      stop();
      reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    void promise.then((value) => {
      signal.removeEventListener("abort", abort);
      resolve(value);
    });
  });
}
