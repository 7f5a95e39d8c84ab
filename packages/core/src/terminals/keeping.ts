// When the screen of a session is put beside its program, for whoever takes that over: often enough that little output has to be
// kept until then, and seldom enough that a flood does not feel it.
import type { Clock } from "../kernel/clock.ts";
import type { TerminalLimits } from "./limits.ts";
import type { Snapshot } from "./ports.ts";

/** After so long without output, the screen takes the place of what was written since the last one. */
const quietMs = 1_000;
/** Less than this is kept as it came. */
const quietBytesMin = 32 * 1024;

export interface KeeperParts {
  readonly clock: Clock;
  readonly limits: Pick<TerminalLimits, "terminalHeldBytesMax">;
  /** Rejects when the screen is gone. */
  readonly snapshot: () => Promise<Snapshot>;
  /** False where it cannot be taken yet. */
  readonly keep: (screen: Snapshot) => Promise<boolean>;
}

export class ScreenKeeper {
  readonly #parts: KeeperParts;
  /** Output there was, and output that a kept screen stands for. */
  #end: number;
  #kept: number;
  #making = false;
  #over = false;
  #stopWaiting: (() => void) | undefined;
  #wroteAt = 0;

  /** `from`: where the first kept output begins. */
  constructor(parts: KeeperParts, from: number) {
    this.#parts = parts;
    this.#end = from;
    this.#kept = from;
  }

  /** The program has written. */
  wrote(lengthBytes: number): void {
    const { clock, limits } = this.#parts;
    this.#end += lengthBytes;
    this.#wroteAt = clock.now();
    const sinceBytes = this.#end - this.#kept;
    if (sinceBytes >= limits.terminalHeldBytesMax / 2) this.#make();
    else if (sinceBytes >= quietBytesMin) this.#wait(quietMs);
  }

  /** The program has ended: what its last screen was takes little room. */
  ended(): void {
    this.#make();
  }

  stop(): void {
    this.#over = true;
    this.#stopWaiting?.();
  }

  #wait(ms: number): void {
    this.#stopWaiting ??= this.#parts.clock.after(ms, () => {
      this.#stopWaiting = undefined;
      const leftMs = this.#wroteAt + quietMs - this.#parts.clock.now();
      if (leftMs > 0) this.#wait(leftMs);
      else this.#make();
    });
  }

  #make(): void {
    if (this.#making || this.#over || this.#end === this.#kept) return;
    this.#making = true;
    void this.#parts.snapshot().then(
      (screen) => this.#made(screen),
      // The screen is gone, and the session with it.
      () => this.stop(),
    );
  }

  async #made(screen: Snapshot): Promise<void> {
    const isKept = !this.#over && (await this.#parts.keep(screen));
    this.#making = false;
    if (!isKept) return;
    this.#kept = screen.offset;
    // What came meanwhile.
    if (this.#end > this.#kept) this.wrote(0);
  }
}
