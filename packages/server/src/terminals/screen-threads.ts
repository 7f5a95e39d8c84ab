// Begins the thread that keeps the screens with the first terminal, and ends it a while after the last.
import type { Clock, Logger } from "@sluice/core";
import { RemoteScreens } from "@sluice/core/terminals";
import type { ScreenReply } from "@sluice/core/terminals";

type Screens = Pick<RemoteScreens, "open">;

/** How long the thread stays without a screen; beginning it anew takes longer than opening a terminal may. */
const keptMs = 60_000;

export class ScreenThreads implements Screens {
  readonly #clock: Clock;
  readonly #log: Logger;
  #thread: Worker | undefined;
  #screens: RemoteScreens | undefined;
  #stopTimer: () => void = () => undefined;

  constructor(p: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = p.clock;
    this.#log = p.log;
  }

  open(...parameters: Parameters<RemoteScreens["open"]>): ReturnType<RemoteScreens["open"]> {
    this.#screens ??= this.#begin();
    this.#watch();
    return this.#screens.open(...parameters);
  }

  /** Ends the thread, with all screens. */
  stop(): void {
    this.#stopTimer();
    const screens = this.#screens;
    this.#screens = undefined;
    this.#thread?.terminate();
    this.#thread = undefined;
    screens?.fail("The server is stopping.");
  }

  #begin(): RemoteScreens {
    // Bundled, the thread's file stands beside the bundle.
    const file = import.meta.url.endsWith(".ts") ? "./screen-thread.ts" : "./screen-thread.js";
    const thread = new Worker(new URL(file, import.meta.url));
    const screens = new RemoteScreens((request, transfer) => thread.postMessage(request, [...transfer]));
    thread.addEventListener("message", ({ data }: MessageEvent<ScreenReply>) => screens.take(data));
    thread.addEventListener("error", ({ message }) => this.#failed(thread, message));
    this.#thread = thread;
    return screens;
  }

  /** Its terminals end: nobody follows what they write any more. The next one gets a thread of its own. */
  #failed(thread: Worker, message: string): void {
    if (this.#thread !== thread) return;
    this.#log("error", "the thread with the screens of terminals has failed", { error: message });
    this.stop();
  }

  #watch(): void {
    this.#stopTimer();
    this.#stopTimer = this.#clock.after(keptMs, () => {
      if (this.#screens?.size === 0) this.stop();
      else if (this.#screens !== undefined) this.#watch();
    });
  }
}
