// What the face and its web clients have to say, the last of it, in memory. Who reads or clears it has signed in.

const linesMax = 2_000;
const lineCharsMax = 4_096;

export class FaceLog {
  readonly #now: () => number;
  #lines: string[] = [];
  #changedAt: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#changedAt = now();
  }

  write(level: string, module: string, text: string): void {
    this.#changedAt = this.#now();
    // A line stays one: nobody makes others up.
    const line = `${new Date(this.#changedAt).toISOString()} ${level.toUpperCase().padEnd(5)} [${module}] ${text}`;
    this.#lines.push(line.replaceAll(/[\r\n]+/g, " ").slice(0, lineCharsMax));
    if (this.#lines.length > linesMax) this.#lines.splice(0, this.#lines.length - linesMax);
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  /** Milliseconds since 1970. */
  get changedAt(): number {
    return this.#changedAt;
  }

  clear(): void {
    this.#lines = [];
    this.#changedAt = this.#now();
  }
}
