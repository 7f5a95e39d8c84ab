// One program that the holder has: what is kept of its output, and who holds it back.
import type { Clock } from "@sluice/core/clock";
import type { PtyChild, PtyOptions } from "@sluice/runtime";
import { bodyIn, bodyOf } from "./frames.ts";
import type { Frame } from "./frames.ts";
import { KeptOutput } from "@sluice/core/terminals/kept-output";
import type {
  AnswerBody,
  ChangeBody,
  DescribeBody,
  ExitedBody,
  HolderSettings,
  SignalBody,
  SpawnBody,
  TakenBody,
} from "./messages.ts";

export interface HeldParts {
  readonly clock: Clock;
  readonly settings: () => HolderSettings;
  readonly spawnPty: (program: string, args: readonly string[], options: PtyOptions) => PtyChild;
  /** To the server that follows it. */
  readonly send: (frame: Frame) => void;
  /** Nothing of it is left, and nobody will ask. */
  readonly gone: (session: HeldSession) => void;
}

const nothing = new Uint8Array(0);

export class HeldSession {
  readonly id: string;
  readonly #parts: HeldParts;
  readonly #child: PtyChild;
  readonly #kept: KeptOutput;
  #about: string;
  #screen: Uint8Array | undefined;
  #answeredTo = 0;
  #following = true;
  #heldByServer = false;
  #isFull = false;
  #cannotHold = false;
  #end: ExitedBody | undefined;
  #closed = false;
  #forgotten = false;
  #stopKilling: () => void = () => undefined;

  /** Throws `RuntimeFailure` where there is no such program. */
  constructor(parts: HeldParts, id: string, spec: SpawnBody) {
    this.id = id;
    this.#parts = parts;
    this.#about = spec.about;
    this.#kept = new KeptOutput(spec);
    this.#child = parts.spawnPty(spec.program, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      columns: spec.cols,
      rows: spec.rows,
      // Copied: what came stays valid until the next piece only.
      onData: (bytes) => this.#onOutput(new Uint8Array(bytes)),
      onEnd: () => this.#onClosed(),
      onDrain: () => this.#tell("drained"),
    });
    void this.#child.exited.then(({ exitCode = null, signal = null }) => this.#onExited({ exitCode, signal }));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What the server says about it. */
  take({ kind, body }: Frame): void {
    switch (kind) {
      case "input":
        return this.#child.write(body);
      case "answer": {
        const { value, bytes } = bodyIn<AnswerBody>(body);
        this.#answeredTo = Math.max(this.#answeredTo, value.offset);
        return this.#child.write(bytes);
      }
      case "resize": {
        const { value } = bodyIn<ChangeBody>(body);
        this.#kept.resize(value, value);
        return this.#child.resize(value.cols, value.rows);
      }
      case "pause":
      case "resume":
        this.#heldByServer = kind === "pause";
        return this.#pace();
      case "signal":
        return void this.#child.killSession(bodyIn<SignalBody>(body).value.signal);
      case "close":
        return this.#child.close();
      case "forget":
        return this.#forget();
      case "keep":
        return this.#keep(body);
      case "describe":
        this.#about = bodyIn<DescribeBody>(body).value.about;
        return undefined;
      case "take":
        return this.#tellState();
      case "follow":
        return this.#follow();
      default:
        return undefined;
    }
  }

  /** The server is gone: the program goes on until it has written too much. */
  orphan(): void {
    this.#following = false;
    this.#heldByServer = false;
    this.#pace();
  }

  /** Tells it that its terminal is gone, and kills it after a while. */
  end(): void {
    this.#child.killSession("SIGHUP");
    this.#forget();
  }

  #onOutput(bytes: Uint8Array): void {
    if (this.#forgotten && !this.#following) return;
    this.#kept.push(bytes);
    this.#tell("output", bytes);
    if (this.#kept.bytes > this.#parts.settings().heldBytesMax) {
      this.#isFull = true;
      this.#pace();
    }
    // Where nothing can be held back, the oldest goes.
    if (this.#cannotHold && this.#kept.trim(this.#parts.settings().heldBytesMax)) this.#screen = undefined;
  }

  #onExited(end: ExitedBody): void {
    this.#end = end;
    this.#tell("exited", bodyOf(end));
    if (this.#closed) this.#over();
  }

  #onClosed(): void {
    this.#closed = true;
    this.#tell("closed");
    this.#over();
  }

  /** What is not needed any more once it has ended. */
  #over(): void {
    if (!this.#forgotten || this.#end === undefined) return;
    this.#stopKilling();
    this.#parts.gone(this);
  }

  #keep(body: Uint8Array): void {
    const { value, bytes } = bodyIn<ChangeBody>(body);
    if (value.offset < this.#kept.from.offset) return;
    this.#kept.begin(value);
    this.#screen = bytes;
    if (this.#kept.bytes <= this.#parts.settings().heldBytesMax / 2) this.#isFull = false;
    this.#pace();
  }

  #pace(): void {
    const isHeld = (this.#heldByServer || this.#isFull) && !this.#closed;
    if (isHeld) this.#cannotHold = !this.#child.pause();
    else this.#child.resume();
  }

  #forget(): void {
    if (this.#forgotten) return;
    this.#forgotten = true;
    const { clock, settings } = this.#parts;
    this.#stopKilling = clock.after(settings().killGraceMs, () => {
      this.#child.killSession("SIGKILL");
      this.#child.close();
    });
    if (this.#closed) this.#over();
  }

  #tellState(): void {
    const { pid } = this.#child;
    const { from } = this.#kept;
    const state = { pid, about: this.#about, from, hasScreen: this.#screen !== undefined };
    const taken: TakenBody = { ...state, answeredTo: this.#answeredTo };
    this.#parts.send({ kind: "taken", id: this.id, body: bodyOf(taken, this.#screen) });
  }

  #follow(): void {
    if (this.#following) return;
    this.#following = true;
    for (const entry of this.#kept.entries()) {
      if (entry.kind === "output") this.#tell("output", entry.bytes);
      else this.#tell("resized", bodyOf(entry.change));
    }
    if (this.#end !== undefined) this.#tell("exited", bodyOf(this.#end));
    if (this.#closed) this.#tell("closed");
  }

  #tell(kind: "output" | "resized" | "exited" | "closed" | "drained", body: Uint8Array = nothing): void {
    if (this.#following) this.#parts.send({ kind, id: this.id, body });
  }
}
