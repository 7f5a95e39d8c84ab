// All programs on terminals of one data folder, in a process of their own: servers come and go, and one of them at a time follows.
import type { Clock } from "@sluice/core/clock";
import { RuntimeFailure } from "@sluice/runtime/failure";
import { bodyIn, bodyOf, holderVersion } from "./frames.ts";
import type { Frame } from "./frames.ts";
import type { FrameSocket } from "./frame-socket.ts";
import { HeldSession } from "./held-session.ts";
import type { HeldParts } from "./held-session.ts";
import type { HelloBody, HolderSettings, RefusedBody, SpawnBody, SpawnedBody, WelcomeBody } from "./messages.ts";

export interface HolderParts {
  readonly clock: Clock;
  readonly spawnPty: HeldParts["spawnPty"];
  /** There is nothing to hold, and nobody to hold it for. */
  readonly ended: () => void;
  /** Much was loaded that is not needed again. */
  readonly settled: () => void;
}

/** Before the first server has said what it wants. */
const settingsDefault: HolderSettings = { orphanedMs: 60_000, killGraceMs: 2_000, heldBytesMax: 1024 * 1024 };
/** Whoever started this connects within that. */
const beginMs = 30_000;
/** After the last program was begun, memory is looked through. */
const settleMs = 1_000;

export class Holder {
  readonly #parts: HolderParts;
  readonly #sessions = new Map<string, HeldSession>();
  #settings = settingsDefault;
  #server: FrameSocket | undefined;
  #stopWaiting: () => void;
  #stopSettling: () => void = () => undefined;
  #ending = false;

  constructor(parts: HolderParts) {
    this.#parts = parts;
    this.#stopWaiting = parts.clock.after(beginMs, () => this.#endIfIdle());
  }

  /** From a connection: its first frame makes it the server's, and whoever was that before is cut off. */
  take(from: FrameSocket, frame: Frame): void {
    if (frame.kind === "hello") return this.#welcome(from, frame);
    if (from !== this.#server) return from.cut();
    if (frame.kind === "spawn") return this.#spawn(frame);
    const session = this.#sessions.get(frame.id);
    if (session !== undefined) return session.take(frame);
    // It ended meanwhile. Whoever asks for it is waiting; everything else is of no interest any more.
    if (frame.kind === "take") this.#refuse(frame.id, "it is not there any more");
    return undefined;
  }

  /** A connection is gone. */
  lost(from: FrameSocket): void {
    if (from !== this.#server) return;
    this.#server = undefined;
    for (const session of this.#sessions.values()) session.orphan();
    this.#stopWaiting();
    if (this.#sessions.size === 0) return this.#parts.ended();
    this.#stopWaiting = this.#parts.clock.after(this.#settings.orphanedMs, () => this.end());
  }

  /** Ends every program, then itself. */
  end(): void {
    this.#ending = true;
    for (const session of this.#sessions.values()) session.end();
    this.#endIfIdle();
  }

  #welcome(from: FrameSocket, { body }: Frame): void {
    const { version, settings } = bodyIn<HelloBody>(body).value;
    const sessions = [...this.#sessions.keys()];
    const welcome: WelcomeBody = { version: holderVersion, sessions };
    from.send({ kind: "welcome", id: "", body: bodyOf(welcome) });
    // It reads what this is, and goes.
    if (version !== holderVersion) return from.end();
    if (this.#server !== undefined && this.#server !== from) {
      this.#server.send({ kind: "replaced", id: "", body: new Uint8Array(0) });
      this.#server.end();
      for (const session of this.#sessions.values()) session.orphan();
    }
    this.#stopWaiting();
    this.#settings = settings;
    this.#server = from;
    return undefined;
  }

  #spawn({ id, body }: Frame): void {
    const spec = bodyIn<SpawnBody>(body).value;
    const { clock, spawnPty, settled } = this.#parts;
    try {
      const session = new HeldSession(
        {
          clock,
          spawnPty,
          settings: () => this.#settings,
          send: (frame) => this.#server?.send(frame),
          gone: (gone) => this.#gone(gone),
        },
        id,
        spec,
      );
      this.#sessions.set(id, session);
      const spawned: SpawnedBody = { pid: session.pid };
      this.#server?.send({ kind: "spawned", id, body: bodyOf(spawned) });
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      this.#refuse(id, error.message);
    }
    this.#stopSettling();
    this.#stopSettling = clock.after(settleMs, settled);
  }

  #refuse(id: string, message: string): void {
    const refused: RefusedBody = { message };
    this.#server?.send({ kind: "refused", id, body: bodyOf(refused) });
  }

  #gone({ id }: HeldSession): void {
    this.#sessions.delete(id);
    this.#endIfIdle();
  }

  #endIfIdle(): void {
    if (this.#sessions.size === 0 && (this.#server === undefined || this.#ending)) this.#parts.ended();
  }
}
