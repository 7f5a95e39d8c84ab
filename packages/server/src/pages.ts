// Pages of lists whose items carry values: a page ends early rather than hold more than it should.
import { SluiceError } from "@sluice/protocol";
import type { Call } from "./call.ts";
import { showBytes } from "./show.ts";

/** The first items with their values shown, at least one of them, until together they are as large as a page may be. */
export async function takeWhileSmall<T>(
  { engine, wire, parts }: Call,
  items: readonly T[],
  valueOf: (item: T) => Uint8Array | undefined,
): Promise<readonly (readonly [item: T, value: unknown])[]> {
  const taken: (readonly [T, unknown])[] = [];
  let bytes = 0;
  for (const item of items) {
    const stored = valueOf(item);
    const found = stored === undefined ? undefined : await engine.values.find(stored);
    const value = found instanceof SluiceError ? undefined : found;
    bytes += value?.length ?? 0;
    if (taken.length > 0 && bytes > parts.limits.pageBytesMax) break;
    taken.push([item, value === undefined ? null : showBytes(wire, value)]);
  }
  return taken;
}
