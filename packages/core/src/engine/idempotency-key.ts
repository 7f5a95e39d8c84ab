// Idempotency keys and the doors they come through: whoever may use one door cannot take, or find, the keys of another.
import { fail } from "../kernel/result.ts";

export interface Keyed {
  /** As it was given. */
  readonly key?: string | undefined;
  /** Where it was given, for keys that are apart from all others: `@hook POST /orders`. The API's have none. */
  readonly door?: string | undefined;
}

/** Stands before keys of a door; a key that begins so is none of the API's. */
const doorMark = "@hook ";
const keyCharsMax = 512;

/** The door of a webhook. Neither method nor path has a space in it, so no two webhooks share a key. */
export function hookDoor({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${doorMark}${method} ${path}`;
}

/** The key that the store holds a run under. */
export function storedKey({ key, door }: Keyed): string | undefined {
  return key === undefined || door === undefined ? key : `${door} ${key}`;
}

/** What is wrong with a key. */
export function checkKey({ key, door }: Keyed): ReturnType<typeof fail> | undefined {
  if (key === undefined) return undefined;
  if (key.length === 0 || key.length > keyCharsMax) {
    const message = "The idempotency key is empty or too long.";
    return fail({ code: "bad_request", message, hint: `1 to ${keyCharsMax} characters.` });
  }
  if (door !== undefined || !key.startsWith(doorMark)) return undefined;
  const message = `Keys that begin with ${JSON.stringify(doorMark)} are those of webhooks.`;
  return fail({ code: "bad_request", message, hint: "Use another key." });
}
