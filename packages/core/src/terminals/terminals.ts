// All sessions of a server: begun, found, ended, counted and written to the audit trail.
import type { Actor } from "../kernel/run-records.ts";
import { aboutOf, aboutText } from "./about.ts";
import type { SessionAbout } from "./about.ts";
import { TerminalAudit } from "./audit.ts";
import type { AuditLog } from "../kernel/audit-log.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Logger } from "../kernel/log.ts";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { TerminalLimits } from "./limits.ts";
import { Recorder } from "./recording/recorder.ts";
import type { RecordedPart, RecorderParts } from "./recording/recorder.ts";
import { secretsIn } from "./recording/masking.ts";
import type { Recordings } from "./recording/recordings.ts";
import type { HeldPty, PtyHost, ScreenHost, TerminalSize } from "./ports.ts";
import { TerminalSession } from "./session.ts";
import type { SessionFacts } from "./session-parts.ts";

export interface TerminalsOptions {
  readonly ptys: PtyHost;
  readonly screens: ScreenHost;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: TerminalLimits;
  readonly newId: () => string;
  readonly recordings: Recordings;
  /** Values that no recording may have, as of now. */
  readonly secrets: () => Promise<readonly string[]>;
}

export interface NewTerminal extends TerminalSize {
  readonly by: Actor;
  readonly command: readonly string[];
  readonly cwd: string | undefined;
  /** As `PtySpec.runAs`. */
  readonly runAs: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Undefined: the name of the program. */
  readonly name: string | undefined;
  /** False: nothing runs until `start`. */
  readonly start: boolean;
  readonly record: RecordedPart;
}

/** How often it is looked for sessions that have been idle, or ended, for long enough. */
const roundMs = 30_000;

export class Terminals {
  readonly #options: TerminalsOptions;
  readonly #sessions = new Map<string, TerminalSession>();
  readonly #environments = new Map<string, Readonly<Record<string, string>>>();
  readonly #recorded = new Map<string, Pick<SessionAbout, "record" | "secrets">>();
  readonly #audit: TerminalAudit;
  /** Those of `secrets` when a recording began last. */
  #secrets: readonly string[] = [];
  readonly #listeners = new Set<() => void>();
  /** Being made: they count, though nobody sees them yet. */
  #coming = 0;
  #stopped = false;
  #stopRound: () => void = () => undefined;

  constructor(options: TerminalsOptions) {
    this.#options = options;
    this.#audit = new TerminalAudit(options);
  }

  get recordings(): Recordings {
    return this.#options.recordings;
  }

  get limits(): TerminalLimits {
    return this.#options.limits;
  }

  /** Oldest first. */
  list(): readonly TerminalSession[] {
    return [...this.#sessions.values()];
  }

  /** Fails with `terminal_not_found`. */
  get(id: string): Result<TerminalSession> {
    const session = this.#sessions.get(id);
    if (session !== undefined) return ok(session);
    return fail({
      code: "terminal_not_found",
      message: `There is no terminal ${JSON.stringify(id.slice(0, 64))}.`,
      hint: "sluice term list shows those there are.",
    });
  }

  /** Viewers of all sessions. */
  get viewers(): number {
    let sum = 0;
    for (const session of this.#sessions.values()) sum += session.viewers;
    return sum;
  }

  /** Hears whenever something that lists show has changed. Answers how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Fails with `terminals_full`, `draining`, and whatever the program fails to begin with. */
  async create(p: NewTerminal): Promise<Result<TerminalSession>> {
    const { limits, newId, clock } = this.#options;
    if (this.#stopped) return stopping();
    if (this.#sessions.size + this.#coming >= limits.terminalsMax && !this.#forgetOne()) {
      return fail({
        code: "terminals_full",
        message: `There are ${limits.terminalsMax} terminals (terminalsMax).`,
        hint: "End one that nobody needs: sluice term list, sluice term kill.",
      });
    }
    const facts: SessionFacts = {
      id: newId(),
      command: p.command,
      cwd: p.cwd,
      runAs: p.runAs,
      by: `${p.by.kind}:${p.by.id}`,
      createdAt: clock.now(),
    };
    this.#coming++;
    try {
      const { command, cwd, runAs, name, record } = p;
      return await this.#audit.around(
        { by: p.by, action: "terminal:create", id: facts.id, what: { command, cwd, runAs, name, record } },
        () => this.#make(facts, p),
      );
    } finally {
      this.#coming--;
    }
  }

  /** Begins the program of a session that was made without. */
  async start({ by, id }: { readonly by: Actor; readonly id: string }): Promise<Result<TerminalSession>> {
    const found = this.get(id);
    if (!found.ok) return found;
    return this.#audit.around(
      { by, action: "terminal:create", id, what: { command: found.value.facts.command } },
      async () => {
        const env = this.#environments.get(id) ?? {};
        this.#secrets = await this.#options.secrets();
        const started = await found.value.start({ env, about: this.#about(found.value) });
        this.#environments.delete(id);
        return started.ok ? found : started;
      },
    );
  }

  /** Renames. */
  async rename(p: {
    readonly by: Actor;
    readonly id: string;
    readonly name: string;
  }): Promise<Result<TerminalSession>> {
    const found = this.get(p.id);
    if (!found.ok) return found;
    return this.#audit.around({ by: p.by, action: "terminal:rename", id: p.id, what: { name: p.name } }, () => {
      found.value.name = p.name;
      found.value.describe(this.#about(found.value));
      this.#changed();
      return found;
    });
  }

  /** Ends a session: its program is told, what is left of it killed, its screen gone. */
  async end({ by, id }: { readonly by: Actor; readonly id: string }): Promise<Result<true>> {
    const found = this.get(id);
    if (!found.ok) return found;
    return this.#audit.around({ by, action: "terminal:end", id, what: undefined }, () => {
      this.#remove(found.value, "deleted");
      return ok(true);
    });
  }

  /** Notes that somebody looks on, or types. */
  async noteViewer({
    by,
    id,
    role,
  }: {
    readonly by: Actor;
    readonly id: string;
    readonly role: string;
  }): Promise<void> {
    await this.#audit.note({ by, action: "terminal:attach", id, what: { role } }, { outcome: "done" });
  }

  /** Goes on with the sessions that an earlier server has left; answers how many there are. Before anything else. */
  async takeOver(): Promise<number> {
    const { ptys, log } = this.#options;
    const held = await ptys.held();
    if (held.length > 0) this.#secrets = await this.#options.secrets();
    for (const each of held) await this.#takeOver(each);
    if (held.length > 0) log("info", "terminals go on", { terminals: held.length });
    return held.length;
  }

  /** Lets go of every session. They go on without this server where the host can do that, and end with it otherwise. */
  stop(): void {
    this.#stopped = true;
    this.#stopRound();
    const { log, ptys } = this.#options;
    const terminals = this.list().filter(({ status }) => status === "running").length;
    if (ptys.leave()) {
      if (terminals > 0) log("info", "terminals go on without the server", { terminals });
      for (const session of this.list()) session.leave();
      return this.#sessions.clear();
    }
    if (terminals > 0) log("warn", "terminals end with the server", { terminals });
    for (const session of this.list()) {
      this.#remove(session, "stopping");
      // Nobody is there any more to kill it later.
      session.kill();
    }
  }

  async #make(facts: SessionFacts, p: NewTerminal): Promise<Result<TerminalSession>> {
    const { limits } = this.#options;
    const { cols, rows } = p;
    const name = (p.name ?? (p.command[0] ?? "").split("/").at(-1) ?? "").slice(0, limits.terminalNameCharsMax);
    const named = { ...p, name };
    const record = p.record === "nothing" ? undefined : (drained: () => void) => this.#record(facts, named, drained);
    const session = this.#sessionOf(facts, record, { cols, rows, name });
    this.#recorded.set(facts.id, { record: p.record, secrets: secretsIn(p.env) });
    if (p.start) {
      if (record !== undefined) this.#secrets = await this.#options.secrets();
      const started = await session.start({ env: p.env, about: this.#about(session) });
      // The server may have been told to stop meanwhile.
      if (!started.ok || this.#stopped) {
        session.remove("stopping");
        this.#recorded.delete(facts.id);
        return started.ok ? stopping() : started;
      }
    } else this.#environments.set(facts.id, p.env);
    this.#add(session);
    return ok(session);
  }

  async #takeOver(held: HeldPty): Promise<void> {
    const { facts, name, record, secrets } = aboutOf(held);
    const { cols, rows } = held.from;
    const before = record === "nothing" ? undefined : await this.#options.recordings.resume(facts.id, held.from);
    this.#recorded.set(facts.id, { record, secrets });
    const recorder =
      before &&
      ((drained: () => void) =>
        new Recorder(
          { ...this.#recording(facts, { record, secrets }), sink: before.sink, drained },
          before.head,
          before.before,
        ));
    const session = this.#sessionOf(facts, recorder, { name, cols, rows, held });
    this.#add(session);
    session.follow(held);
  }

  #sessionOf(
    facts: SessionFacts,
    record: ((drained: () => void) => Recorder) | undefined,
    begin: ConstructorParameters<typeof TerminalSession>[2],
  ): TerminalSession {
    const { clock, limits, ptys, screens } = this.#options;
    const changed = (): void => this.#changed();
    return new TerminalSession({ clock, limits, ptys, screens, record, changed }, facts, begin);
  }

  #add(session: TerminalSession): void {
    this.#sessions.set(session.facts.id, session);
    if (this.#sessions.size === 1) this.#watch();
    this.#changed();
  }

  #about({ facts, name }: TerminalSession): string {
    return aboutText({ facts, name, ...(this.#recorded.get(facts.id) ?? { record: "nothing", secrets: [] }) });
  }

  #record(facts: SessionFacts, p: NewTerminal & { readonly name: string }, drained: () => void): Recorder {
    const { clock, recordings } = this.#options;
    const { cols, rows, name: title, record } = p;
    return new Recorder(
      { ...this.#recording(facts, { record, secrets: secretsIn(p.env) }), sink: recordings.create(facts.id), drained },
      {
        cols,
        rows,
        startedAt: clock.now(),
        title,
        command: facts.command.join(" "),
        tags: [`terminal:${facts.id}`, `by:${facts.by}`],
      },
    );
  }

  #recording(
    { id }: SessionFacts,
    p: Pick<SessionAbout, "record" | "secrets">,
  ): Omit<RecorderParts, "sink" | "drained"> {
    const { clock, limits, log } = this.#options;
    return {
      clock,
      bytesMax: limits.terminalRecordingBytesMax,
      secrets: [...this.#secrets, ...p.secrets],
      withInput: p.record === "output and input",
      failed: (error) => log("error", "a recording ends early", { terminal: id, error: String(error) }),
    };
  }

  /** Lets go of recordings that are old, or too many. */
  async #tidyRecordings(): Promise<void> {
    const { log, recordings } = this.#options;
    const isLive = (id: string): boolean => this.#sessions.get(id)?.status === "running";
    try {
      const gone = await recordings.tidy(isLive);
      if (gone.length > 0) log("info", "old recordings of terminals were removed", { recordings: gone.length });
    } catch (error) {
      log("error", "recordings of terminals could not be looked through", { error: String(error) });
    }
  }

  /** Removes a recording. Fails with `not_found`, and `conflict` while it is being made. */
  async removeRecording({ by, id }: { readonly by: Actor; readonly id: string }): Promise<Result<true>> {
    const { recordings } = this.#options;
    const session = this.#sessions.get(id);
    if (session?.status === "running" && session.isRecorded) {
      return fail({
        code: "conflict",
        message: "This terminal is being recorded.",
        hint: "End it first: sluice term kill.",
      });
    }
    const found = await recordings.get(id);
    if (!found.ok) return found;
    const { seq } = await this.#audit.note(
      { by, action: "terminal:unrecord", id, what: undefined },
      { outcome: "intended" },
    );
    const removed = await recordings.remove(id);
    await this.#audit.note({ by, action: "terminal:unrecord", id, what: undefined }, { outcome: "done", intent: seq });
    return removed;
  }

  #remove(session: TerminalSession, why: "deleted" | "stopping"): void {
    const { id } = session.facts;
    if (!this.#sessions.delete(id)) return;
    this.#environments.delete(id);
    this.#recorded.delete(id);
    session.remove(why);
    this.#changed();
  }

  /** Makes room by letting go of the session that ended first. */
  #forgetOne(): boolean {
    const ended = this.list().filter(({ status }) => status === "exited");
    const [oldest] = ended.toSorted((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
    if (oldest === undefined) return false;
    this.#remove(oldest, "deleted");
    return true;
  }

  #watch(): void {
    this.#stopRound();
    this.#stopRound = this.#options.clock.after(roundMs, () => {
      this.#lookRound();
      if (this.#sessions.size > 0) this.#watch();
    });
  }

  #lookRound(): void {
    void this.#tidyRecordings();
    const { clock, limits, log } = this.#options;
    const now = clock.now();
    for (const session of this.list()) {
      const { status, endedAt, viewers, activeAt, facts } = session;
      if (status === "exited" && viewers === 0 && now - (endedAt ?? now) >= limits.terminalEndedKeptMs) {
        this.#remove(session, "deleted");
      } else if (
        status !== "exited" &&
        viewers === 0 &&
        limits.terminalIdleMs > 0 &&
        now - activeAt >= limits.terminalIdleMs
      ) {
        log("info", "a terminal was idle for too long and is ended", { terminal: facts.id });
        void this.end({ by: { kind: "system", id: "terminals", origin: {} }, id: facts.id });
      }
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function stopping(): Result<never> {
  return fail({ code: "draining", message: "The server is stopping.", hint: "Try again once it is back." });
}
