// What happens to sessions, told to whoever listens: it is seen by asking the server for its list.
import type { Clock } from "@sluice/core";
import type { Caller, NativeApi, NativeTerminal } from "./native.ts";

export interface FaceEvent {
  readonly type: "session-start" | "session-exit" | "bell" | "test-notification";
  readonly sessionId: string;
  readonly sessionName: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly [more: string]: unknown;
}

const lookEveryMs = 1_000;

/** Asks while somebody listens, and never otherwise. */
export class FaceEvents {
  readonly #native: NativeApi;
  readonly #clock: Clock;
  readonly #listeners = new Map<(event: FaceEvent) => void, Follower>();

  constructor(p: { readonly native: NativeApi; readonly clock: Clock }) {
    this.#native = p.native;
    this.#clock = p.clock;
  }

  /** What this caller may see. Answers how to stop. */
  listen(by: Caller, listener: (event: FaceEvent) => void): () => void {
    const follower = new Follower({ native: this.#native, clock: this.#clock, by, tell: listener });
    this.#listeners.set(listener, follower);
    return () => {
      follower.stop();
      this.#listeners.delete(listener);
    };
  }

  /** Tells everybody. */
  tell(event: FaceEvent): void {
    for (const listener of Array.from(this.#listeners.keys())) listener(event);
  }

  close(): void {
    for (const follower of this.#listeners.values()) follower.stop();
    this.#listeners.clear();
  }
}

interface FollowerParts {
  readonly native: NativeApi;
  readonly clock: Clock;
  readonly by: Caller;
  readonly tell: (event: FaceEvent) => void;
}

class Follower {
  readonly #p: FollowerParts;
  #known: ReadonlyMap<string, NativeTerminal> | undefined;
  #stopTimer: () => void = () => undefined;
  #stopped = false;

  constructor(p: FollowerParts) {
    this.#p = p;
    void this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer();
  }

  async #look(): Promise<void> {
    const listed = await this.#p.native.list(this.#p.by);
    if (this.#stopped) return;
    if (listed.ok) {
      const now = new Map(listed.value.map((terminal) => [terminal.id, terminal]));
      if (this.#known !== undefined) this.#compare(this.#known, now);
      this.#known = now;
    }
    this.#stopTimer = this.#p.clock.after(lookEveryMs, () => void this.#look());
  }

  #compare(before: ReadonlyMap<string, NativeTerminal>, after: ReadonlyMap<string, NativeTerminal>): void {
    for (const [id, terminal] of after) {
      const was = before.get(id);
      if (was === undefined) this.#tell("session-start", terminal);
      if (terminal.bells > (was?.bells ?? 0)) this.#tell("bell", terminal);
      if (terminal.status === "exited" && was?.status !== "exited") this.#tell("session-exit", terminal);
    }
    for (const [id, was] of before) if (!after.has(id) && was.status !== "exited") this.#tell("session-exit", was);
  }

  #tell(type: FaceEvent["type"], { id, name, exitCode, command }: NativeTerminal): void {
    this.#p.tell({
      type,
      sessionId: id,
      sessionName: name,
      timestamp: new Date(this.#p.clock.now()).toISOString(),
      command: command.join(" "),
      ...(type === "session-exit" ? { exitCode: exitCode ?? 0 } : {}),
    });
  }
}
