// What a server says about a screen, done to a terminal in its order. xterm.js takes output later than it is given, but changes of
// size and resets at once: those wait here until what was written before has been taken.

/** What is needed of xterm.js. */
export interface ScreenTarget {
  write(data: Uint8Array, taken: () => void): void;
  resize(cols: number, rows: number): void;
}

export interface ScreenSize {
  readonly cols: number;
  readonly rows: number;
}

type Job =
  | { readonly kind: "write"; readonly bytes: Uint8Array; readonly taken: () => void }
  | { readonly kind: "change"; readonly change: () => void };

/** After a change of size nothing joins what was printed before, on the server's screen and here: a NUL does that, and nothing else. */
const separator = new Uint8Array(1);
/** CAN ends a sequence that is on its way, RIS resets what reset() leaves (the parser), the rest brings colours back that programs had set. */
const restart = new TextEncoder().encode("\x18\x1bc\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07");
const nothing = (): void => undefined;

export class ScreenFeed {
  readonly #target: ScreenTarget;
  #jobs: Job[] = [];
  /** Writes that were given and not taken. */
  #underWay = 0;

  constructor(target: ScreenTarget) {
    this.#target = target;
  }

  /** `taken` is called once it is on the screen. */
  write(bytes: Uint8Array, taken: () => void): void {
    this.#jobs.push({ kind: "write", bytes, taken });
    this.#go();
  }

  resize({ cols, rows }: ScreenSize): void {
    this.#jobs.push({ kind: "change", change: () => this.#target.resize(cols, rows) });
    this.write(separator, nothing);
  }

  /** The whole screen anew. */
  show({ cols, rows }: ScreenSize, p: { readonly bytes: Uint8Array; readonly taken: () => void }): void {
    this.write(restart, nothing);
    this.#jobs.push({ kind: "change", change: () => this.#target.resize(cols, rows) });
    this.write(p.bytes, p.taken);
  }

  #go(): void {
    for (let [job] = this.#jobs; job !== undefined; [job] = this.#jobs) {
      if (job.kind === "change") {
        if (this.#underWay > 0) return;
        this.#jobs.shift();
        job.change();
        continue;
      }
      this.#jobs.shift();
      this.#underWay++;
      const { taken } = job;
      this.#target.write(job.bytes, () => {
        this.#underWay--;
        taken();
        this.#go();
      });
    }
  }
}
