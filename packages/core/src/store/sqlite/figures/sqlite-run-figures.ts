// The figures port on SQLite: all of it is read on the reader's thread.
import type { RunFigures } from "../../../kernel/run-figures.ts";
import type { StorePaths } from "../store-paths.ts";

type Params<Verb extends keyof RunFigures> = Parameters<RunFigures[Verb]>[0];
type Answer<Verb extends keyof RunFigures> = ReturnType<RunFigures[Verb]>;

export class SqliteRunFigures implements RunFigures {
  readonly #read: StorePaths["read"];

  constructor(paths: StorePaths) {
    this.#read = paths.read;
  }

  runStatistics(p: Params<"runStatistics">): Answer<"runStatistics"> {
    return this.#read("runStatistics", p) as Answer<"runStatistics">;
  }

  countByWorkflow(p: Params<"countByWorkflow">): Answer<"countByWorkflow"> {
    return this.#read("countByWorkflow", p) as Answer<"countByWorkflow">;
  }

  countNeeds(p: Params<"countNeeds">): Answer<"countNeeds"> {
    return this.#read("countNeeds", p) as Answer<"countNeeds">;
  }

  countTimers(p: Params<"countTimers">): Answer<"countTimers"> {
    return this.#read("countTimers", p) as Answer<"countTimers">;
  }

  countByVersion(p: Params<"countByVersion">): Answer<"countByVersion"> {
    return this.#read("countByVersion", p) as Answer<"countByVersion">;
  }

  listWaits(p: Params<"listWaits">): Answer<"listWaits"> {
    return this.#read("listWaits", p) as Answer<"listWaits">;
  }

  listScheduledRuns(p: Params<"listScheduledRuns">): Answer<"listScheduledRuns"> {
    return this.#read("listScheduledRuns", p) as Answer<"listScheduledRuns">;
  }

  listOutlines(p: Params<"listOutlines">): Answer<"listOutlines"> {
    return this.#read("listOutlines", p) as Answer<"listOutlines">;
  }

  getEntry(p: Params<"getEntry">): Answer<"getEntry"> {
    return this.#read("getEntry", p) as Answer<"getEntry">;
  }

  listAttempts(p: Params<"listAttempts">): Answer<"listAttempts"> {
    return this.#read("listAttempts", p) as Answer<"listAttempts">;
  }
}
