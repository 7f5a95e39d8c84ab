// Reads something again when it is asked to: not more often than every so often, never twice at once, and always once more
// after the last time it was asked.

export class Refresher {
  readonly #read: () => Promise<unknown>;
  readonly #gapMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading = false;
  #wanted = false;
  #stopped = false;

  constructor(read: () => Promise<unknown>, gapMs: number) {
    this.#read = read;
    this.#gapMs = gapMs;
  }

  ask(): void {
    this.#wanted = true;
    if (this.#reading || this.#timer !== undefined || this.#stopped) return;
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#wanted = false;
    this.#reading = true;
    try {
      await this.#read();
    } finally {
      this.#reading = false;
      if (!this.#stopped) {
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          if (this.#wanted) void this.#run();
        }, this.#gapMs);
      }
    }
  }
}
