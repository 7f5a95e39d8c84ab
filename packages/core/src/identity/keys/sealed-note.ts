// Notes that a caller carries from one request to the next: sealed, for one purpose, for a while. So nothing is kept here for
// what was begun and may never be finished, and nobody can fill the memory by beginning.
import type { Clock } from "../../kernel/clock.ts";
import { base64url } from "./secrets.ts";
import type { Seal } from "./seal.ts";

export interface NoteOptions {
  readonly seal: Seal;
  readonly clock: Clock;
  /** What the notes are for; those of another purpose do not open. */
  readonly purpose: string;
  readonly limits: { readonly pendingMs: number; readonly pendingMax: number };
}

interface Sealed<T> {
  readonly expiresAt: number;
  readonly note: T;
}

/** Notes of one kind. `Note` goes through JSON. */
export class SealedNotes<Note> {
  readonly #options: NoteOptions;
  /** Notes that were used up, until they would have expired; in that order, as all of them live equally long. */
  readonly #used = new Map<string, number>();

  constructor(options: NoteOptions) {
    this.#options = options;
  }

  async write(note: Note): Promise<{ readonly text: string; readonly expiresAt: number }> {
    const { clock, limits, purpose, seal } = this.#options;
    const expiresAt = clock.now() + limits.pendingMs;
    const sealed: Sealed<Note> = { expiresAt, note };
    const bytes = await seal.seal(purpose, new TextEncoder().encode(JSON.stringify(sealed)));
    return { text: base64url(bytes), expiresAt };
  }

  /** Undefined for a text that is no note of this purpose, has expired, or was used up. */
  async read(text: string): Promise<Note | undefined> {
    const { clock, purpose, seal } = this.#options;
    if (!/^[\w-]+$/.test(text)) return undefined;
    const opened = await seal.open(purpose, new Uint8Array(Buffer.from(text, "base64url")));
    if (opened === undefined) return undefined;
    const { expiresAt, note } = JSON.parse(new TextDecoder().decode(opened)) as Sealed<Note>;
    return clock.now() >= expiresAt || this.#used.has(tagOf(text)) ? undefined : note;
  }

  /** Takes a note that was read and found good, once: false when somebody else has just taken it. */
  take(text: string): boolean {
    const { clock, limits } = this.#options;
    const tag = tagOf(text);
    if (this.#used.has(tag)) return false;
    const now = clock.now();
    for (const [old, until] of this.#used) {
      if (until > now && this.#used.size < limits.pendingMax) break;
      this.#used.delete(old);
    }
    this.#used.set(tag, now + limits.pendingMs);
    return true;
  }
}

/** The bytes that bind all others, in their one spelling: of base64 there can be several for the same bytes. */
function tagOf(text: string): string {
  return Buffer.from(text, "base64url").subarray(-16).toString("hex");
}
