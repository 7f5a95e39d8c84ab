// Operating failures are values: what went wrong has a closed code, and whoever gets it decides.
import { SluiceError, toWire } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WireError };

/** What was asked for. */
export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** A refusal, with what is told to whoever asked. */
export function fail(error: WireError): { readonly ok: false; readonly error: WireError } {
  return { ok: false, error };
}

/** The value, or the failure thrown as a `SluiceError`: for the edge where exceptions are the custom. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new SluiceError(result.error);
}

/** Runs a store call; what it rejects with becomes a failure. Bugs (errors without a code) pass through. */
export async function attempt<T>(body: () => Promise<T>): Promise<Result<T>> {
  try {
    return ok(await body());
  } catch (error) {
    const wire = toWire(error);
    if (wire.code === "internal") throw error;
    return fail(wire);
  }
}

/** The same for a body whose own answer is a result. */
export async function guarded<T>(body: () => Promise<Result<T>>): Promise<Result<T>> {
  const answered = await attempt(body);
  return answered.ok ? answered.value : answered;
}
