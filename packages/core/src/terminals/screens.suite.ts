// For tests: screens without a thread. Messages are copied as between threads and handed over when the test says so, or at once.
import { RemoteScreens } from "./screen/remote-screens.ts";
import { ScreenRoom } from "./screen/room.ts";
import type { ScreenReply, ScreenRequest } from "./screen/messages.ts";

export class DirectScreens {
  readonly screens: RemoteScreens;
  readonly #room: ScreenRoom;
  readonly #requests: ScreenRequest[] = [];
  readonly #replies: ScreenReply[] = [];

  constructor() {
    this.#room = new ScreenRoom((reply, transfer) =>
      this.#replies.push(structuredClone(reply, { transfer: [...transfer] })),
    );
    this.screens = new RemoteScreens((request, transfer) =>
      this.#requests.push(structuredClone(request, { transfer: [...transfer] })),
    );
  }

  /** Hands over everything, answers included; promises that wait for them are settled afterwards. */
  async settle(): Promise<void> {
    for (let round = 0; round < 3 || this.#requests.length + this.#replies.length > 0; round++) {
      for (const request of this.#requests.splice(0)) this.#room.take(request);
      for (const reply of this.#replies.splice(0)) this.screens.take(reply);
      // Whoever waits for an answer goes on, and may ask again.
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    }
  }

  /** Hands over one message each way; what is left stays on its way. */
  step(): void {
    const request = this.#requests.shift();
    if (request !== undefined) this.#room.take(request);
    const reply = this.#replies.shift();
    if (reply !== undefined) this.screens.take(reply);
  }
}
