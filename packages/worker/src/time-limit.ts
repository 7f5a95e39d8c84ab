// What the calls that wait have in common: a limit in time, and what comes of it.
import { decodeValue, parseDuration } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import { decodeError, TimeoutError } from "@sluice/sdk";
import type { DurableCall } from "./caller.ts";

export const decoded = (bytes: Uint8Array | undefined): unknown =>
  bytes === undefined ? undefined : decodeValue(bytes);

export function timeLimit(timeout: Duration | undefined): { readonly timeout?: number } {
  return timeout === undefined ? {} : { timeout: parseDuration(timeout) };
}

/** The failure of a wait: its own error, or the word for a time that is up. */
export function timedOut(what: string, options: { readonly onTimeout?: unknown }): DurableCall["failed"] {
  return (error) => {
    if (error !== undefined && error.length > 0) return { error: decodeError(error) };
    return "onTimeout" in options
      ? { value: options.onTimeout }
      : { error: new TimeoutError(`${what} took too long.`) };
  };
}
