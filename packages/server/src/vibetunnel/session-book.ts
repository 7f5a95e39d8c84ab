// Sessions as clients of VibeTunnel expect them: one that was killed is listed as ended until it is cleaned up, while the server behind forgets it.
import { ok } from "@sluice/core";
import type { Result } from "@sluice/core";
import { gitStatusOf } from "./git.ts";
import type { GitStatus } from "./git.ts";
import type { Caller, NativeApi, NativeTerminal } from "./native.ts";

/** Killed ones that are still listed. */
const endedMax = 200;
/** How long what git said of a folder is good for. */
const gitKeptMs = 5_000;
const gitFoldersMax = 500;

export class SessionBook {
  readonly #native: NativeApi;
  readonly #now: () => number;
  readonly #ended = new Map<string, { readonly by: string; readonly terminal: NativeTerminal }>();
  readonly #git = new Map<string, { readonly at: number; readonly status: Promise<GitStatus | undefined> }>();

  constructor(p: { readonly native: NativeApi; readonly now: () => number }) {
    this.#native = p.native;
    this.#now = p.now;
  }

  /** Oldest first. */
  async list(by: Caller): Promise<Result<readonly NativeTerminal[]>> {
    const listed = await this.#native.list(by);
    if (!listed.ok) return listed;
    const ended = [...this.#ended.values()].filter((each) => each.by === by.name).map(({ terminal }) => terminal);
    return ok([...ended, ...listed.value].toSorted((a, b) => a.createdAt - b.createdAt));
  }

  async get(by: Caller, id: string): Promise<Result<NativeTerminal>> {
    const ended = this.#ended.get(id);
    return ended?.by === by.name ? ok(ended.terminal) : this.#native.get(by, id);
  }

  /** Ends a program, or forgets one that has ended. */
  async kill(by: Caller, id: string): Promise<Result<"killed" | "cleaned">> {
    if (this.#forget(by, id)) return ok("cleaned");
    const found = await this.#native.get(by, id);
    if (!found.ok) return found;
    const ended = await this.#native.end(by, id);
    if (!ended.ok) return ended;
    if (found.value.status === "exited") return ok("cleaned");
    if (this.#ended.size >= endedMax) this.#ended.delete([...this.#ended.keys()][0] ?? "");
    this.#ended.set(id, { by: by.name, terminal: { ...found.value, status: "exited", exitCode: 129 } });
    return ok("killed");
  }

  /** Forgets one, whatever it does. One that is not there is forgotten already. */
  async clean(by: Caller, id: string): Promise<Result<true>> {
    if (this.#forget(by, id)) return ok(true);
    const ended = await this.#native.end(by, id);
    return ended.ok || ended.error.code === "terminal_not_found" ? ok(true) : ended;
  }

  /** Forgets all that have ended; answers their ids. */
  async cleanEnded(by: Caller): Promise<Result<readonly string[]>> {
    const listed = await this.list(by);
    if (!listed.ok) return listed;
    const ids = listed.value.filter(({ status }) => status === "exited").map(({ id }) => id);
    for (const id of ids) await this.clean(by, id);
    return ok(ids);
  }

  /** What git says of a session's folder. */
  gitOf({ cwd }: Pick<NativeTerminal, "cwd">): Promise<GitStatus | undefined> {
    if (cwd === null) return Promise.resolve(undefined);
    const known = this.#git.get(cwd);
    const now = this.#now();
    if (known !== undefined && now - known.at < gitKeptMs) return known.status;
    if (this.#git.size >= gitFoldersMax) this.#git.clear();
    const status = gitStatusOf(cwd);
    this.#git.set(cwd, { at: now, status });
    return status;
  }

  #forget(by: Caller, id: string): boolean {
    return this.#ended.get(id)?.by === by.name && this.#ended.delete(id);
  }
}
