// How a thrown value is recorded: a plain shape that every runtime can write and show, without engine-private fields.
import { errorCodes } from "./errors.ts";
import type { ErrorCode, WireError } from "./errors.ts";
import { decodeValue, encodeValue } from "./value.ts";

/** A recorded error. `cause` is another record, or any value that was thrown or attached. */
export interface ErrorValue {
  readonly name: string;
  readonly message: string;
  /** Closed product code, or the program's own `code` property. */
  readonly code?: string | undefined;
  readonly hint?: string | undefined;
  readonly stack?: string | undefined;
  readonly cause?: ErrorValue | undefined;
  readonly details?: unknown;
}

const causeDepthMax = 8;

/** Records anything that was thrown. Details that cannot be serialised are replaced by their text. */
export function toErrorValue(thrown: unknown, depth = 0): ErrorValue {
  if (!(thrown instanceof Error)) return { name: "Error", message: textOf(thrown) };
  const extra = thrown as Error & { code?: unknown; hint?: unknown; details?: unknown };
  return {
    name: thrown.name,
    message: thrown.message,
    code: typeof extra.code === "string" || typeof extra.code === "number" ? String(extra.code) : undefined,
    hint: typeof extra.hint === "string" ? extra.hint : undefined,
    stack: thrown.stack,
    cause:
      thrown.cause === undefined || thrown.cause === null || depth >= causeDepthMax
        ? undefined
        : toErrorValue(thrown.cause, depth + 1),
    details: serializable(extra.details),
  };
}

function textOf(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}

function serializable(value: unknown): unknown {
  if (value === undefined) return undefined;
  try {
    return decodeValue(encodeValue(value));
  } catch {
    return textOf(value);
  }
}

/** Encoded form of an error, as kept in journals. */
export function encodeError(thrown: unknown): Uint8Array {
  return encodeValue(toErrorValue(thrown));
}

/** Encodes an error that is known by its parts only. */
export function encodeErrorValue(value: ErrorValue): Uint8Array {
  return encodeValue(value);
}

/** Reads a recorded error; an empty record is a passed time limit. */
export function decodeErrorValue(bytes: Uint8Array): ErrorValue {
  if (bytes.length === 0) return { name: "TimeoutError", message: "The wait passed its time limit.", code: "timeout" };
  const value = decodeValue(bytes);
  if (typeof value === "object" && value !== null && "message" in value && typeof value.message === "string") {
    return { name: "Error", ...(value as Partial<ErrorValue>), message: value.message };
  }
  return { name: "Error", message: textOf(value) };
}

/**
 * A recorded error in the shape errors have everywhere: a program's own code, its class and its cause stand in `details`; the
 * stack stays inside.
 */
export function wireErrorOf({ code, name, message, hint, details, cause }: ErrorValue): WireError {
  const known = code !== undefined && Object.hasOwn(errorCodes, code);
  return {
    code: known ? (code as ErrorCode) : "step_failed",
    message,
    ...(hint === undefined ? {} : { hint }),
    details: {
      name,
      ...(known || code === undefined ? {} : { code }),
      ...(details === undefined ? {} : { details }),
      ...(cause === undefined ? {} : { cause: { name: cause.name, message: cause.message } }),
    },
  };
}
