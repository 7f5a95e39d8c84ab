// One viewer of a session: what it has been sent, what it has acknowledged, and what becomes of it when it cannot keep up. It
// slows nobody: whoever is too far behind gets the screen as it is, instead of what it has missed.
import { encodeTerminalFrame, terminalFrameTypes } from "@sluice/protocol/terminal-frames";
import type { TerminalRole } from "@sluice/protocol";
import type { TerminalState } from "@sluice/protocol/terminal-frames";
import type { Clock } from "../kernel/clock.ts";
import type { OutputLog, LogPlace } from "./output-log.ts";
import type { TerminalLimits } from "./limits.ts";
import type { Bytes, Snapshot } from "./ports.ts";

/** The way to a viewer, whatever carries it. */
export interface ViewerLink {
  /** False when the message was dropped: what the viewer has is worth nothing then. */
  send(frame: Bytes): boolean;
  /** Says goodbye. */
  end(reason: ViewerEnd): void;
}

/** `deleted`: the session is gone. `stopping`: the server ends. */
export type ViewerEnd = "deleted" | "stopping" | "malformed" | "forbidden";

export interface ViewerParts {
  readonly clock: Clock;
  readonly limits: TerminalLimits;
  readonly log: OutputLog;
  /** Of everything there is so far. */
  readonly snapshot: () => Promise<Snapshot | undefined>;
}

/** Output of one message; short enough that a slow line carries other things between. */
const frameBytesMax = 64 * 1024;

/**
 * `following`: gets output as it comes. `behind`: has missed some, and gets the screen once it has acknowledged what it was
 * sent. `awaiting`: that screen is being made.
 */
type Phase = "following" | "behind" | "awaiting" | "gone";

export class Viewer {
  readonly link: ViewerLink;
  readonly role: TerminalRole;
  readonly #parts: ViewerParts;
  #phase: Phase = "awaiting";
  #place: LogPlace = { offset: 0, mark: 0 };
  /** Output sent and not acknowledged, or the screen. */
  #unacknowledgedBytes = 0;
  #acknowledged = 0;
  #stopTimer: (() => void) | undefined;
  #snapshots = 0;

  constructor(parts: ViewerParts, p: { readonly link: ViewerLink; readonly role: TerminalRole }) {
    this.#parts = parts;
    this.link = p.link;
    this.role = p.role;
  }

  /** Screens it was sent, the first one included. */
  get snapshots(): number {
    return this.#snapshots;
  }

  get isFollowing(): boolean {
    return this.#phase === "following";
  }

  /** Begins: behind what it has already where that is still known, with the whole screen otherwise. */
  begin(from: LogPlace | undefined): void {
    const { log } = this.#parts;
    if (from === undefined || !log.has(from)) return this.#askForScreen();
    this.#place = from;
    this.#acknowledged = from.offset;
    this.#phase = "following";
    this.#send(encodeTerminalFrame({ type: "resumed", ...from, ...log.sizeAt(from) }));
    this.pump();
  }

  /** There is more in the log. `fresh`: a message with the output from `offset` on, made once for all who are there. */
  pump(fresh?: { readonly offset: number; readonly frame: Bytes }): void {
    if (this.#phase !== "following") return;
    const { log, limits } = this.#parts;
    if (!log.has(this.#place)) return this.#fallBehind();
    for (let next = log.next(this.#place); next !== undefined; next = log.next(this.#place)) {
      if (next.kind === "resized") {
        const { mark, cols, rows } = next;
        this.#place = { offset: this.#place.offset, mark };
        if (!this.#send(encodeTerminalFrame({ type: "resized", mark, cols, rows }))) return;
        continue;
      }
      const room = limits.terminalWindowBytesMax - this.#unacknowledgedBytes;
      if (room <= 0) return this.#watchAcknowledgements();
      const whole =
        fresh !== undefined && fresh.offset === this.#place.offset && fresh.frame.length - 1 === next.lengthBytes;
      const frame = whole ? fresh.frame : this.#outputFrame(Math.min(next.lengthBytes, frameBytesMax, room));
      const lengthBytes = frame.length - 1;
      this.#place = { offset: this.#place.offset + lengthBytes, mark: this.#place.mark };
      this.#unacknowledgedBytes += lengthBytes;
      if (!this.#send(frame)) return;
    }
  }

  /** The viewer's terminal has taken output up to here. */
  acknowledge(offset: number): void {
    if (this.#phase === "gone" || this.#phase === "awaiting") return;
    const { offset: sent } = this.#place;
    if (offset > sent || offset < this.#acknowledged) return;
    this.#acknowledged = offset;
    this.#unacknowledgedBytes = sent - offset;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    if (this.#phase === "following") this.pump();
    else if (this.#unacknowledgedBytes === 0) this.#askForScreen();
  }

  tell(state: TerminalState): void {
    if (this.#phase !== "gone") this.link.send(encodeTerminalFrame({ type: "state", state }));
  }

  /** Nothing is sent any more. */
  leave(): void {
    this.#phase = "gone";
    this.#stopTimer?.();
  }

  #outputFrame(lengthBytes: number): Bytes {
    const frame = new Uint8Array(1 + lengthBytes);
    frame[0] = terminalFrameTypes.output;
    this.#parts.log.copyTo(frame.subarray(1), this.#place.offset);
    return frame;
  }

  /** False when it was dropped: all that was sent counts as lost. */
  #send(frame: Bytes): boolean {
    if (this.link.send(frame)) return true;
    this.#fallBehind();
    return false;
  }

  #watchAcknowledgements(): void {
    const { clock, limits } = this.#parts;
    this.#stopTimer ??= clock.after(limits.terminalAckMsMax, () => {
      this.#stopTimer = undefined;
      this.#fallBehind();
    });
  }

  #fallBehind(): void {
    if (this.#phase !== "following") return;
    this.#phase = "behind";
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    if (this.#unacknowledgedBytes === 0) this.#askForScreen();
  }

  #askForScreen(): void {
    this.#phase = "awaiting";
    void this.#parts.snapshot().then((snapshot) => {
      if (snapshot !== undefined && this.#phase === "awaiting") this.#show(snapshot);
    });
  }

  #show(snapshot: Snapshot): void {
    const { offset, mark } = snapshot;
    this.#place = { offset, mark };
    // To be acknowledged like output: by the offset that it stands for.
    this.#acknowledged = Math.max(0, offset - 1);
    this.#unacknowledgedBytes = Math.min(snapshot.bytes.length, this.#parts.limits.terminalWindowBytesMax);
    this.#phase = "following";
    this.#snapshots++;
    if (this.#send(encodeTerminalFrame({ type: "snapshot", ...snapshot }))) this.pump();
  }
}
