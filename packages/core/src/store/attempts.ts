// What stores keep of attempts that failed and were made again: the last few, with errors of bounded size.
import { decodeErrorValue, encodeErrorValue } from "@sluice/protocol";
import { isStandIn } from "../kernel/blob-ref.ts";

/** Attempts kept of one entry, besides the one it shows. */
export const attemptsKeptMax = 10;
/** Longest error that is kept whole; of others name, code and the beginning of the message are. */
export const attemptErrorBytesMax = 8_192;
const messageCharsMax = 1_024;

/** What a recorded error says; undefined for none, and for one that is kept as a blob. */
export function errorMessageOf(error: Uint8Array | undefined): string | undefined {
  if (error === undefined || isStandIn(error)) return undefined;
  return decodeErrorValue(error).message;
}

/** The error as it is kept. */
export function keptError(error: Uint8Array): Uint8Array {
  if (error.length <= attemptErrorBytesMax || isStandIn(error)) return error;
  const { name, message, code } = decodeErrorValue(error);
  const short = message.length > messageCharsMax ? `${message.slice(0, messageCharsMax).toWellFormed()}…` : message;
  return encodeErrorValue({ name: name.slice(0, messageCharsMax), message: short, code });
}
