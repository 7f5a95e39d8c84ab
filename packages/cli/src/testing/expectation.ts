// What assertions have in common: they throw Node's AssertionError, whose two values every test runner shows.
import { AssertionError } from "node:assert";

/** What an error is expected to be: part of its message, a pattern, or its class. */
export type ExpectedError = string | RegExp | (new (...args: never[]) => Error);

interface ThrownError {
  readonly message: string;
  readonly name?: string;
  readonly details?: unknown;
}

/** An assertion error with both values. */
export function failure(
  message: string,
  values: { readonly actual?: unknown; readonly expected?: unknown } = {},
): AssertionError {
  return new AssertionError({ message, operator: "sluice", ...values });
}

/** Says whether an error is the expected one, as it is shown to callers. */
export function isError(error: ThrownError | null, wanted: ExpectedError): boolean {
  if (error === null) return false;
  if (typeof wanted === "string") return error.message.includes(wanted);
  if (wanted instanceof RegExp) return wanted.test(error.message);
  return (error.name ?? nameIn(error.details)) === wanted.name;
}

/** A recorded error keeps its class by name, among its details. */
function nameIn(details: unknown): string | undefined {
  return (details as { readonly name?: string } | undefined)?.name;
}

/** How an expected error is shown. */
export function shown(wanted: ExpectedError): string {
  return typeof wanted === "function" ? wanted.name : String(wanted);
}
