// The Range header as RFC 9110 (14.1.2) has it, for bytes.

/** From the first byte up to the one after the last. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

const rangePattern = /^bytes=(\d{0,15})-(\d{0,15})$/;

/**
 * The one range that is asked for, within so many bytes. Undefined: everything is to be sent, since nothing, several ranges, or
 * something that makes no sense is asked for. `none`: the range has no byte of it.
 */
export function rangeOf(header: string | null, bytes: number): ByteRange | "none" | undefined {
  const found = rangePattern.exec(header?.trim() ?? "");
  if (found === null) return undefined;
  const [, first = "", last = ""] = found;
  if (first === "") {
    if (last === "") return undefined;
    const length = Math.min(Number(last), bytes);
    return length === 0 ? "none" : { from: bytes - length, to: bytes };
  }
  const from = Number(first);
  const to = last === "" ? bytes : Math.min(Number(last) + 1, bytes);
  if (last !== "" && Number(last) < from) return undefined;
  return from >= bytes ? "none" : { from, to };
}
