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

/**
 * Records anything that was thrown; never throws itself, whatever the thrown value does when it is looked at. Details that
 * cannot be serialised are replaced by their text.
 */
export function toErrorValue(thrown: unknown, depth = 0): ErrorValue {
  try {
    return recordOf(thrown, depth);
  } catch {
    return { name: "Error", message: textOf(thrown) };
  }
}

function recordOf(thrown: unknown, depth: number): ErrorValue {
  if (!(thrown instanceof Error)) return { name: "Error", message: textOf(thrown) };
  const extra = thrown as Error & { code?: unknown; hint?: unknown; details?: unknown };
  // Types say that these are texts; programs may have put anything there.
  const { name, message, stack } = thrown as { name: unknown; message: unknown; stack: unknown };
  return {
    name: typeof name === "string" ? name : "Error",
    message: typeof message === "string" ? message : textOf(message),
    code: typeof extra.code === "string" || typeof extra.code === "number" ? String(extra.code) : undefined,
    hint: typeof extra.hint === "string" ? extra.hint : undefined,
    stack: typeof stack === "string" ? stack : undefined,
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
    return unreadable(thrown);
  }
}

function unreadable(thrown: unknown): string {
  try {
    return Object.prototype.toString.call(thrown);
  } catch {
    return "a value that cannot be read";
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
