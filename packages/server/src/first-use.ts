// Parts of a server that are opened when somebody first asks for them, and closed with it.
import { SluiceError } from "@sluice/protocol";

export class FirstUse<T extends object> {
  readonly #make: () => Promise<T>;
  readonly #close: (part: T) => unknown;
  #opened: Promise<T> | undefined;
  #stopped = false;

  constructor(make: () => Promise<T>, close: (part: T) => unknown) {
    this.#make = make;
    this.#close = close;
  }

  /** One that could not be opened is tried again by the next caller. Rejects with `draining` once the server stops. */
  async open(): Promise<T> {
    if (this.#stopped) throw new SluiceError({ code: "draining", message: "The server is stopping." });
    const opened = (this.#opened ??= this.#make());
    try {
      return await opened;
    } catch (error) {
      if (this.#opened === opened) this.#opened = undefined;
      throw error;
    }
  }

  /** Does this with the part, if there is one. */
  async whenOpen(use: (part: T) => unknown): Promise<void> {
    const part = await this.#opened?.catch(() => undefined);
    if (part !== undefined) await use(part);
  }

  /** One that could not be opened has nothing to close. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.whenOpen(this.#close);
  }
}
