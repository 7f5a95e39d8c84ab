// A session: a program on a terminal, the screen that follows it, and those who look on. Only the screen sets the pace of its output.
import { terminalFrameTypes } from "@sluice/protocol/terminal-frames";
import type { TerminalStatus } from "@sluice/protocol";
import { Audience } from "./audience.ts";
import type { NewViewer } from "./audience.ts";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import { withoutAnswers } from "./input-filter.ts";
import { ScreenKeeper } from "./keeping.ts";
import { OutputLog } from "./output-log.ts";
import type { Bytes, HeldPty, Pty, PtyEnd, PtyEvents, PtySpec, Screen, Snapshot, TerminalSize } from "./ports.ts";
import type { Recorder } from "./recording/recorder.ts";
import type { SessionFacts, SessionParts } from "./session-parts.ts";
import type { Viewer, ViewerEnd } from "./viewer.ts";

export class TerminalSession {
  readonly facts: SessionFacts;
  name: string;
  readonly #parts: SessionParts;
  readonly #log: OutputLog;
  readonly #screen: Screen;
  readonly #keeper: ScreenKeeper;
  readonly #audience: Audience;
  #pty: Pty | undefined;
  #recorder: Recorder | undefined;
  #status: TerminalStatus = "created";
  #end: PtyEnd | undefined;
  #endedAt: number | undefined;
  #activeAt: number;
  #title = "";
  #bells = 0;
  #parsed = 0;
  #paused = false;
  #inputWaitingBytes = 0;
  #starting = false;
  /** Queries in the output before it have been answered, by a server that was here before. */
  #answeredTo = 0;
  #stopKilling: () => void = () => undefined;
  #stopDraining: () => void = () => undefined;
  /** Somebody wants it to end, with everybody of its session. */
  #ending = false;
  #gone = false;

  /** `held`: it goes on with a program that was begun before; `follow` then tells its output. */
  constructor(
    parts: SessionParts,
    facts: SessionFacts,
    p: TerminalSize & { readonly name: string; readonly bells?: number; readonly held?: HeldPty | undefined },
  ) {
    const { limits, screens, clock } = parts;
    const { held } = p;
    this.#parts = parts;
    this.facts = facts;
    this.name = p.name;
    this.#activeAt = clock.now();
    this.#bells = p.bells ?? 0;
    const { cols, rows, ...place } = held?.from ?? { cols: p.cols, rows: p.rows, offset: 0, mark: 0 };
    this.#log = new OutputLog(limits.terminalRingBytesMax, { cols, rows }, place);
    this.#audience = new Audience({ clock, limits, log: this.#log, snapshot: () => this.#snapshotIfAny() });
    this.#parsed = place.offset;
    this.#answeredTo = held?.answeredTo ?? 0;
    this.#screen = screens.open(
      {
        cols,
        rows,
        scrollbackLines: limits.terminalScrollbackLinesMax,
        ...(held === undefined ? {} : { from: { ...place, bytes: held.screen?.bytes } }),
      },
      {
        parsed: (offset) => this.#onParsed(offset),
        reply: (bytes, offset) => {
          if (offset > this.#answeredTo) this.#pty?.answer(bytes, offset);
        },
        title: (title) => {
          this.#title = title;
          this.#tell();
        },
        bell: () => void this.#bells++,
        failed: () => this.kill(),
      },
    );
    const snapshot = (): Promise<Snapshot> => this.#screen.snapshot();
    // Not before the recording has what the screen stands for: whoever takes over would not have it either.
    const keep = async (screen: Snapshot): Promise<boolean> => {
      if (this.#recorder !== undefined && !(await this.#recorder.has(screen.offset))) return false;
      this.#pty?.keep(screen);
      return true;
    };
    this.#keeper = new ScreenKeeper({ clock, limits, snapshot, keep }, place.offset);
  }

  get status(): TerminalStatus {
    return this.#status;
  }

  get end(): PtyEnd | undefined {
    return this.#end;
  }

  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  /** When there was input or output last; milliseconds since 1970. */
  get activeAt(): number {
    return this.#activeAt;
  }

  get title(): string {
    return this.#title;
  }

  get bells(): number {
    return this.#bells;
  }

  get size(): TerminalSize {
    return this.#log.size;
  }

  get pid(): number | undefined {
    return this.#pty?.pid;
  }

  get viewers(): number {
    return this.#audience.size;
  }

  /** Bytes of output there were. */
  get outputBytes(): number {
    return this.#log.end.offset;
  }

  /** Whether it is being recorded. */
  get isRecorded(): boolean {
    return this.#recorder !== undefined;
  }

  /** Whether the program is being held back. */
  get isPaused(): boolean {
    return this.#paused;
  }

  /** Begins the program. Fails with `bad_request` when there is none, `conflict` when it was begun before. */
  async start(spec: Pick<PtySpec, "env" | "about">): Promise<Result<true>> {
    if (this.#status !== "created" || this.#starting)
      return fail({ code: "conflict", message: "The terminal was started before.", hint: "Make another one." });
    const { id, command, cwd, runAs } = this.facts;
    this.#starting = true;
    const { size } = this;
    const spawned = await this.#parts.ptys.spawn({ ...spec, id, command, cwd, runAs, ...size }, this.#events());
    this.#starting = false;
    // Meanwhile somebody may have changed its size, or ended it.
    const { cols, rows } = this.size;
    if (cols !== size.cols || rows !== size.rows) this.#pty?.resize({ cols, rows }, this.#log.end);
    return spawned;
  }

  /** Follows the program that it was made for. */
  follow(held: HeldPty): void {
    held.follow(this.#events());
  }

  /** What whoever takes its program over has to know has changed. */
  describe(about: string): void {
    this.#pty?.describe(about);
  }

  #events(): PtyEvents {
    return {
      begun: (pty) => this.#onBegun(pty),
      resized: (size, mark) => {
        this.#screen.resize(size, mark);
        this.#log.resize(size);
        this.#recorder?.resize(size);
      },
      output: (bytes) => this.#onOutput(bytes),
      exited: (end) => this.#onExit(end),
      closed: () => this.#finish(),
      drained: () => {
        this.#inputWaitingBytes = 0;
      },
    };
  }

  #onBegun(pty: Pty): void {
    this.#pty = pty;
    if (this.#gone) {
      // Somebody ended it while it was being begun.
      pty.killSession();
      return pty.forget();
    }
    this.#recorder = this.#parts.record?.(() => this.#resumeIfRead());
    this.#status = "running";
    return this.#tell();
  }

  /** Adds a viewer. The first that may type and wants to decides about the size until somebody else takes that over. */
  attach(p: NewViewer): Viewer {
    const viewer = this.#audience.add(p);
    this.#tell();
    viewer.begin(p.from);
    return viewer;
  }

  detach(viewer: Viewer): void {
    if (this.#audience.remove(viewer) && !this.#gone) this.#tell();
  }

  /** A viewer takes over the size, or leaves it as it is. */
  drive(viewer: Viewer, on: boolean): void {
    if (this.#audience.drive(viewer, on)) this.#tell();
  }

  /** What a viewer typed; nothing for one that only looks on. */
  typeAs(viewer: Viewer, bytes: Bytes): Result<true> {
    return viewer.role === "writer" ? this.type(withoutAnswers(bytes)) : ok(true);
  }

  /** Fails with `conflict` when the program has ended, `too_many_requests` when it reads nothing. */
  type(bytes: Uint8Array): Result<true> {
    if (bytes.length === 0) return ok(true);
    if (this.#pty === undefined || this.#status !== "running") {
      return fail({
        code: "conflict",
        message: "No program runs in this terminal.",
        hint: "Begin it, or make another one.",
      });
    }
    if (this.#inputWaitingBytes + bytes.length > this.#parts.limits.terminalInputWaitingBytesMax) {
      return fail({
        code: "too_many_requests",
        message: "The program reads nothing of what was typed.",
        hint: "Wait until it does.",
      });
    }
    this.#inputWaitingBytes += bytes.length;
    this.#activeAt = this.#parts.clock.now();
    this.#pty.write(bytes);
    this.#recorder?.input(bytes);
    return ok(true);
  }

  resizeAs(viewer: Viewer, size: TerminalSize): void {
    if (viewer === this.#audience.driver) this.resize(size);
  }

  resize(size: TerminalSize): void {
    const { cols, rows } = this.size;
    if (this.#gone || this.#status === "exited" || (cols === size.cols && rows === size.rows)) return;
    const mark = this.#log.resize(size);
    this.#screen.resize(size, mark);
    this.#pty?.resize(size, this.#log.end);
    this.#recorder?.resize(size);
    this.#audience.pump();
    this.#parts.changed();
  }

  /** The screen as a stream. Rejects once the session is gone. */
  snapshot(): Promise<Snapshot> {
    return this.#screen.snapshot();
  }

  /** The lines above and on the screen. */
  text(): Promise<string> {
    return this.#screen.text();
  }

  /** Tells the program that its terminal is gone, and kills what is left of its session after a while. */
  hangUp(): void {
    const { clock, limits } = this.#parts;
    const pty = this.#pty;
    if (pty === undefined || this.#ending) return;
    this.#ending = true;
    this.#resume();
    pty.hangUp();
    this.#stopKilling = clock.after(limits.terminalKillGraceMs, () => this.kill());
  }

  /** Kills everybody of the session. */
  kill(): void {
    this.#ending = true;
    this.#stopKilling();
    this.#pty?.killSession();
  }

  /** Ends it for good: program, screen, and every viewer. */
  remove(reason: ViewerEnd): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#audience.dismiss(reason);
    if (this.#status === "running") this.hangUp();
    this.#pty?.forget();
    // How it ends is not waited for.
    this.#recorder?.end(undefined);
    this.#close();
  }

  /** Lets go of it: the program goes on for whoever takes it over, viewers are told to come back. */
  leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#resume();
    this.#audience.dismiss("stopping");
    this.#recorder?.leave();
    this.#close();
  }

  #close(): void {
    this.#keeper.stop();
    this.#screen.close();
  }

  #onOutput(bytes: Bytes): void {
    const { offset } = this.#log.end;
    const { terminalBacklogBytesMax } = this.#parts.limits;
    this.#activeAt = this.#parts.clock.now();
    this.#log.push(bytes);
    this.#recorder?.output(bytes);
    if (this.#gone) return;
    if (this.#audience.size > 0) {
      const frame = new Uint8Array(1 + bytes.length);
      frame[0] = terminalFrameTypes.output;
      frame.set(bytes, 1);
      this.#audience.pump({ offset, frame });
    }
    this.#keeper.wrote(bytes.length);
    this.#screen.write(bytes);
    const { terminalRecordingBacklogBytesMax } = this.#parts.limits;
    const isBehind =
      this.#log.end.offset - this.#parsed > terminalBacklogBytesMax ||
      (this.#recorder?.waitingBytes ?? 0) > terminalRecordingBacklogBytesMax;
    if (!this.#paused && isBehind) this.#paused = this.#pty?.pause() ?? false;
  }

  #onParsed(offset: number): void {
    this.#parsed = offset;
    this.#resumeIfRead();
  }

  /** Screen and recording set the pace, and nobody else. */
  #resumeIfRead(): void {
    const { terminalBacklogBytesMax, terminalRecordingBacklogBytesMax } = this.#parts.limits;
    const isRead = this.#log.end.offset - this.#parsed <= terminalBacklogBytesMax / 2;
    if (isRead && (this.#recorder?.waitingBytes ?? 0) <= terminalRecordingBacklogBytesMax / 2) this.#resume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#pty?.resume();
  }

  #onExit(end: PtyEnd): void {
    const { clock, limits } = this.#parts;
    this.#end = end;
    this.#resume();
    // What children of the program still write is read for a moment, and then nobody reads their terminal any more.
    this.#stopDraining = clock.after(limits.terminalDrainMs, () => this.#finish());
  }

  #finish(): void {
    if (this.#status === "exited" || this.#end === undefined) return;
    this.#stopDraining();
    this.#status = "exited";
    this.#recorder?.end(this.#end.exitCode);
    this.#endedAt = this.#parts.clock.now();
    // Who was told to outlive the program may do so, unless the session is to end as a whole.
    this.#pty?.close();
    this.#keeper.ended();
    this.#tell();
  }

  #tell(): void {
    const { exitCode = null, signal = null } = this.#end ?? {};
    this.#audience.tell({ title: this.#title, status: this.#status, exitCode, signal });
    this.#parts.changed();
  }

  async #snapshotIfAny(): Promise<Snapshot | undefined> {
    // One that cannot be had any more: the session was ended meanwhile, and its viewers are told that.
    return this.#screen.snapshot().catch(() => undefined);
  }
}
