// Frames over a socket of Bun: what it does not take at once waits in order.
import { encodeFrame, FrameError, FrameReader } from "./frames.ts";
import type { Frame } from "./frames.ts";

/** What of a socket is needed here. */
export interface RawSocket {
  write(bytes: Uint8Array): number;
  end(): void;
  terminate(): void;
}

export class FrameSocket {
  readonly #socket: RawSocket;
  readonly #reader = new FrameReader();
  readonly #waiting: Uint8Array[] = [];
  #over = false;

  constructor(socket: RawSocket) {
    this.#socket = socket;
  }

  get isOver(): boolean {
    return this.#over;
  }

  send(frame: Frame): void {
    if (this.#over) return;
    this.#waiting.push(encodeFrame(frame));
    if (this.#waiting.length === 1) this.drained();
  }

  /** The socket takes more. */
  drained(): void {
    for (let next = this.#waiting[0]; next !== undefined && !this.#over; next = this.#waiting[0]) {
      const written = this.#socket.write(next);
      // A socket that is gone takes nothing; its end is told elsewhere.
      if (written <= 0) return;
      if (written < next.length) {
        this.#waiting[0] = next.subarray(written);
        return;
      }
      this.#waiting.shift();
    }
  }

  /** Whoever speaks something else is cut off. */
  received(bytes: Uint8Array, take: (frame: Frame) => void): void {
    try {
      for (const frame of this.#reader.read(bytes)) if (!this.#over) take(frame);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.cut();
    }
  }

  /** Nothing is sent or heard any more; what was sent before still arrives. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket.end();
  }

  cut(): void {
    this.#over = true;
    this.#waiting.length = 0;
    this.#socket.terminate();
  }

  closed(): void {
    this.#over = true;
    this.#waiting.length = 0;
  }
}
