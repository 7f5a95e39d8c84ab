// Reads one place of a value by a path such as `customer.id`: a key for keeping occurrences apart.
import { decodeValue, valueToJson } from "@sluice/protocol";

/** Text of what stands there; empty where there is nothing. */
export function valueAt(encoded: Uint8Array, path: string): string {
  let at: unknown = decodeValue(encoded);
  for (const name of path.split(".")) {
    if (at instanceof Map) at = at.get(name);
    else if (typeof at === "object" && at !== null && Object.hasOwn(at, name))
      at = (at as Record<string, unknown>)[name];
    else return "";
  }
  if (at === undefined || at === null) return "";
  if (typeof at === "string") return at;
  return JSON.stringify(valueToJson(at)) ?? "";
}
