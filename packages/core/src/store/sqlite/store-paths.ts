// How the parts of the store reach its threads. Each part is typed by its port; across threads only the words are left.
import type { Connection } from "./connection.ts";
import type { OtherReadVerb } from "./reads.ts";
import type { WriteVerb } from "./verbs.ts";

export interface StorePaths {
  /** To the writer's thread: durable when it answers. */
  readonly write: (verb: WriteVerb, params: unknown) => Promise<unknown>;
  /** To the reader's thread. */
  readonly read: (verb: OtherReadVerb, params: unknown) => Promise<unknown>;
  /** Reads on this thread. */
  readonly look: <T>(read: (db: Connection) => T) => Promise<T>;
}
