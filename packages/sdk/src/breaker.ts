// Circuit breakers as programs name them, and which failures count for one.
import type { BreakerPolicy } from "@sluice/protocol";
import { CancelledError, NonRetryableError } from "./errors.ts";

/** A breaker that a step goes through; all steps that name it share it. */
export interface CircuitBreaker extends BreakerPolicy {
  /**
   * Which failures speak against what is behind it: texts that are the name or code of the error or stand in its message,
   * patterns for the message, or a function. Without it all do, but `NonRetryableError` and `CancelledError`.
   */
  readonly expectedErrors?: readonly (string | RegExp)[] | ((error: unknown) => boolean) | undefined;
}

/** True when a failure counts for the breaker. */
export function countsFor(breaker: CircuitBreaker, error: unknown): boolean {
  const { expectedErrors: expected } = breaker;
  if (expected === undefined) return !(error instanceof NonRetryableError || error instanceof CancelledError);
  if (typeof expected === "function") return expected(error);
  const { name, message, code } = partsOf(error);
  return expected.some((each) =>
    typeof each === "string" ? each === name || each === code || message.includes(each) : each.test(message),
  );
}

function partsOf(error: unknown): {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
} {
  if (!(error instanceof Error)) return { name: "", message: String(error), code: undefined };
  const { code } = error as { readonly code?: unknown };
  return {
    name: error.name,
    message: error.message,
    code: typeof code === "string" || typeof code === "number" ? String(code) : undefined,
  };
}
