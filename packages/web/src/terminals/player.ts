// Plays the events of a recording: where it is, how fast, and what is to be shown to get somewhere else. Knows no page and no terminal.
import type { Cast, CastEvent } from "@sluice/protocol/asciicast";

export interface PlayerTarget {
  /** The screen as at the beginning. */
  restart(cols: number, rows: number): void;
  write(text: string): void;
  resize(cols: number, rows: number): void;
}

export interface PlayerState {
  readonly atMs: number;
  readonly playing: boolean;
  readonly speed: number;
}

/** Pauses are no longer than this while it is played; the timeline has them whole. */
export const idleMsMax = 2_000;
export const speeds = [0.5, 1, 2, 4, 8, 16] as const;

export class Player {
  readonly #cast: Cast;
  readonly #target: PlayerTarget;
  readonly #changed: (state: PlayerState) => void;
  #next = 0;
  #state: PlayerState = { atMs: 0, playing: false, speed: 1 };

  constructor(cast: Cast, target: PlayerTarget, changed: (state: PlayerState) => void) {
    this.#cast = cast;
    this.#target = target;
    this.#changed = changed;
    target.restart(cast.head.cols, cast.head.rows);
  }

  get lengthMs(): number {
    return this.#cast.events.at(-1)?.atMs ?? 0;
  }

  get state(): PlayerState {
    return this.#state;
  }

  play(playing: boolean): void {
    if (playing && this.#state.atMs >= this.lengthMs) this.seek(0);
    this.#set({ playing: playing && this.lengthMs > 0 });
  }

  speed(speed: number): void {
    this.#set({ speed });
  }

  /** Shows it as it was at a time. */
  seek(ms: number): void {
    const atMs = Math.min(Math.max(0, ms), this.lengthMs);
    if (atMs < this.#state.atMs) {
      this.#next = 0;
      this.#target.restart(this.#cast.head.cols, this.#cast.head.rows);
    }
    this.#showUntil(atMs);
    this.#set({ atMs });
  }

  /** So much time has passed for who looks on. */
  advance(passedMs: number): void {
    if (!this.#state.playing) return;
    let atMs = this.#state.atMs + passedMs * this.#state.speed;
    const next = this.#cast.events[this.#next];
    // A long pause is cut short: what is left of it is what may be.
    if (next !== undefined) atMs = Math.max(atMs, next.atMs - idleMsMax);
    atMs = Math.min(atMs, this.lengthMs);
    this.#showUntil(atMs);
    this.#set({ atMs, playing: atMs < this.lengthMs });
  }

  #showUntil(atMs: number): void {
    const { events } = this.#cast;
    let text = "";
    const flush = (): void => {
      if (text !== "") this.#target.write(text);
      text = "";
    };
    for (let event = events[this.#next]; event !== undefined && event.atMs <= atMs; event = events[++this.#next]) {
      if (event.code === "o") text += event.data;
      else if (event.code === "r") {
        flush();
        this.#resize(event);
      }
    }
    flush();
  }

  #resize({ data }: CastEvent): void {
    const [cols = 0, rows = 0] = data.split("x").map(Number);
    if (cols >= 1 && rows >= 1 && cols <= 1_000 && rows <= 1_000) this.#target.resize(cols, rows);
  }

  #set(change: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...change };
    this.#changed(this.#state);
  }
}
