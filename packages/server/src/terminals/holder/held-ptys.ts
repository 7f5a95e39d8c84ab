// Programs on terminals that another process has, so that they outlive this one: what is done with them goes there, and what they
// write comes from there.
import type { Clock, Logger, Result } from "@sluice/core";
import { fail, ok } from "@sluice/core";
import type { Bytes, HeldPty, Pty, PtyEvents, PtyHost, PtySpec, Snapshot } from "@sluice/core/terminals";
import { noProgram, programOf } from "../pty-host.ts";
import { bodyIn, bodyOf } from "./frames.ts";
import type { Frame, FrameKind } from "./frames.ts";
import { connectHolder } from "./holder-link.ts";
import type { HolderLink } from "./holder-link.ts";
import type {
  AnswerBody,
  ChangeBody,
  DescribeBody,
  ExitedBody,
  HolderSettings,
  RefusedBody,
  SignalBody,
  SpawnBody,
  SpawnedBody,
  TakenBody,
} from "./messages.ts";
import { startHolder } from "./start-holder.ts";

export interface HeldParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the holder's socket. */
  readonly path: string;
  readonly settings: HolderSettings;
}

interface Program {
  readonly events: PtyEvents;
  closed: boolean;
  forgotten: boolean;
}

/** The holder ends so long after its last program. */
const keptMs = 60_000;
const nothing = new Uint8Array(0);

export class HeldPtys implements PtyHost {
  readonly #parts: HeldParts;
  readonly #programs = new Map<string, Program>();
  /** What the holder was asked, by session. */
  readonly #asked = new Map<string, (answer: Frame | undefined) => void>();
  #opening: Promise<HolderLink | undefined> | undefined;
  #link: HolderLink | undefined;
  #left = false;
  #stopIdling: () => void = () => undefined;

  constructor(parts: HeldParts) {
    this.#parts = parts;
  }

  async spawn(spec: PtySpec, events: PtyEvents): Promise<Result<true>> {
    const wanted = await programOf(spec, this.#parts.env);
    if (!wanted.ok) return wanted;
    const { id, about, cols, rows } = spec;
    const link = await this.#open({ start: true });
    if (link === undefined) return noHolder();
    this.#programs.set(id, { events, closed: false, forgotten: false });
    const body: SpawnBody = { ...wanted.value, about, cols, rows };
    // Begun when it is told, before anything else is told of it.
    const answer = await this.#ask(link, { kind: "spawn", id, body: bodyOf(body) });
    if (answer?.kind === "spawned") return ok(true);
    this.#drop(id);
    if (answer === undefined) return noHolder();
    return noProgram(wanted.value.program, bodyIn<RefusedBody>(answer.body).value.message);
  }

  async held(): Promise<readonly HeldPty[]> {
    const link = await this.#open({ start: false });
    const taken = await Promise.all((link?.sessions ?? []).map((id) => this.#take(id)));
    return taken.filter((each) => each !== undefined);
  }

  leave(): boolean {
    this.#left = true;
    this.#stopIdling();
    this.#link?.end();
    this.#link = undefined;
    for (const answered of this.#asked.values()) answered(undefined);
    this.#asked.clear();
    return true;
  }

  /** Two who ask at a time get the same. */
  async #open(p: { readonly start: boolean }): Promise<HolderLink | undefined> {
    if (this.#left) return undefined;
    if (this.#link !== undefined) return this.#link;
    this.#opening ??= this.#connect(p).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect({ start }: { readonly start: boolean }): Promise<HolderLink | undefined> {
    const { path, env } = this.#parts;
    const parts = { ...this.#parts, take: (frame: Frame) => this.#onFrame(frame), lost: () => this.#onLost() };
    let link = await connectHolder(parts);
    if (link === undefined && start) {
      await startHolder(path, env);
      link = await connectHolder(parts);
    }
    if (this.#left) {
      link?.end();
      return undefined;
    }
    this.#link = link;
    this.#idle();
    return link;
  }

  #ask(link: HolderLink, frame: Frame): Promise<Frame | undefined> {
    const answered = Promise.withResolvers<Frame | undefined>();
    this.#asked.set(frame.id, answered.resolve);
    link.send(frame);
    return answered.promise;
  }

  async #take(id: string): Promise<HeldPty | undefined> {
    const link = this.#link;
    if (link === undefined) return undefined;
    const answer = await this.#ask(link, { kind: "take", id, body: nothing });
    if (answer?.kind !== "taken") return undefined;
    const { value, bytes } = bodyIn<TakenBody>(answer.body);
    const { pid, about, from, hasScreen, answeredTo } = value;
    return {
      id,
      about,
      pid,
      from,
      screen: hasScreen ? { ...from, bytes: new Uint8Array(Bun.zstdDecompressSync(bytes)) } : undefined,
      answeredTo,
      follow: (events) => {
        this.#programs.set(id, { events, closed: false, forgotten: false });
        events.begun(this.#ptyOf(id, pid));
        link.send({ kind: "follow", id, body: nothing });
      },
    };
  }

  #onFrame(frame: Frame): void {
    const { kind, id, body } = frame;
    // Nothing is known of them here any more.
    if (kind === "replaced") return void this.leave();
    if (kind === "spawned" || kind === "refused" || kind === "taken") {
      if (kind === "spawned") {
        const { pid } = bodyIn<SpawnedBody>(body).value;
        this.#programs.get(id)?.events.begun(this.#ptyOf(id, pid));
      }
      this.#asked.get(id)?.(frame);
      this.#asked.delete(id);
      return;
    }
    const program = this.#programs.get(id);
    if (program !== undefined) this.#tell(id, program, frame);
  }

  #tell(id: string, program: Program, { kind, body }: Frame): void {
    const { events } = program;
    switch (kind) {
      case "output":
        return events.output(body as Bytes);
      case "resized": {
        const { cols, rows, mark } = bodyIn<ChangeBody>(body).value;
        return events.resized({ cols, rows }, mark);
      }
      case "exited": {
        const { exitCode, signal } = bodyIn<ExitedBody>(body).value;
        return events.exited({ exitCode: exitCode ?? undefined, signal: signal ?? undefined });
      }
      case "closed":
        program.closed = true;
        if (program.forgotten) this.#drop(id);
        return events.closed();
      case "drained":
        return events.drained();
      default:
        return undefined;
    }
  }

  /** Their terminals went with it: the system has told the programs. */
  #onLost(): void {
    this.#link = undefined;
    this.#stopIdling();
    const programs = [...this.#programs.values()];
    this.#programs.clear();
    for (const answered of this.#asked.values()) answered(undefined);
    this.#asked.clear();
    for (const { events, closed } of programs) {
      if (closed) continue;
      events.exited({ exitCode: undefined, signal: "SIGHUP" });
      events.closed();
    }
  }

  #drop(id: string): void {
    this.#programs.delete(id);
    this.#idle();
  }

  /** Lets go of a holder that has had nothing to hold for a while: it ends then. */
  #idle(): void {
    this.#stopIdling();
    this.#stopIdling = this.#parts.clock.after(keptMs, () => {
      if (this.#programs.size > 0 || this.#asked.size > 0) return;
      this.#link?.end();
      this.#link = undefined;
    });
  }

  #ptyOf(id: string, pid: number): Pty {
    const say = (kind: FrameKind, body: Uint8Array = nothing): void => this.#link?.send({ kind, id, body });
    const signal = (name: SignalBody["signal"]): void => say("signal", bodyOf({ signal: name } satisfies SignalBody));
    return {
      pid,
      write: (bytes) => say("input", bytes),
      answer: (bytes, offset) => say("answer", bodyOf({ offset } satisfies AnswerBody, bytes)),
      resize: ({ cols, rows }, { offset, mark }) =>
        say("resize", bodyOf({ cols, rows, offset, mark } satisfies ChangeBody)),
      pause: () => {
        say("pause");
        return process.platform === "linux";
      },
      resume: () => say("resume"),
      hangUp: () => signal("SIGHUP"),
      killSession: () => signal("SIGKILL"),
      close: () => say("close"),
      keep: (screen) => say("keep", keptBody(screen)),
      describe: (about) => say("describe", bodyOf({ about } satisfies DescribeBody)),
      forget: () => this.#forget(id, say),
    };
  }

  #forget(id: string, say: (kind: FrameKind) => void): void {
    say("forget");
    const program = this.#programs.get(id);
    if (program === undefined) return;
    program.forgotten = true;
    if (program.closed) this.#drop(id);
  }
}

/** Small while it is held: there may be hundreds, and most of a screen is blank. */
function keptBody({ offset, mark, cols, rows, bytes }: Snapshot): Uint8Array {
  return bodyOf({ offset, mark, cols, rows } satisfies ChangeBody, Bun.zstdCompressSync(bytes));
}

function noHolder(): Result<never> {
  return fail({ code: "unavailable", message: "What keeps terminals is not there.", hint: "Try again." });
}
