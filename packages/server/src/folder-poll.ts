// Looks at a folder from time to time, where the system does not tell of its changes: it has run out of watches, say.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export interface FolderPollOptions {
  readonly folder: string;
  readonly everyMs: number;
  /** Told of each name in the folder that has come, gone or changed. */
  readonly changed: (name: string) => void;
}

/** What is directly in a folder is compared by time and size, until it is closed or the folder has gone. */
export class FolderPoll {
  readonly #options: FolderPollOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #seen: ReadonlyMap<string, string>;

  constructor(options: FolderPollOptions) {
    this.#options = options;
    this.#seen = contentsOf(options.folder);
    this.#timer = setInterval(() => this.look(), options.everyMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Compares once. */
  look(): void {
    const { changed, folder } = this.#options;
    const before = this.#seen;
    const now = contentsOf(folder);
    this.#seen = now;
    for (const name of new Set([...before.keys(), ...now.keys()])) {
      if (before.get(name) !== now.get(name)) changed(name);
    }
  }
}

function contentsOf(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const name of namesIn(folder)) {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    if (stat === undefined) continue;
    // A folder's own time changes with what is in it, and that is looked at by itself.
    found.set(name, stat.isDirectory() ? `folder ${stat.ino}` : `${stat.mtimeMs} ${stat.size} ${stat.ino}`);
  }
  return found;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It has gone: so has everything in it.
    return [];
  }
}
