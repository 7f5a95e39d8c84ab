// How a run has ended, for those who wait for it.
import type { FinishedRun, RunRecord } from "../kernel/run-store.ts";

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
