// The socket in the data folder on which a server is asked for its place by the one that is to follow it.
import { chmodSync, rmSync } from "node:fs";
import type { Socket } from "bun";
import type { Logger } from "@sluice/core";
import { controlFile, lineOf, Lines, socketPath } from "./messages.ts";
import type { FromServer, FromSuccessor } from "./messages.ts";

/** Whoever asks for the place. */
export interface Successor {
  readonly request: Extract<FromSuccessor, { readonly type: "replace" }>;
  /** Where it takes requests until it serves; undefined when it has gone before it listened. */
  readonly listening: Promise<string | undefined>;
  send(message: FromServer): void;
  close(): void;
}

export interface ControlOptions {
  readonly folder: string;
  readonly log: Logger;
  readonly replace: (successor: Successor) => void;
}

export interface Control {
  /** Nobody is listened to any more; whoever is being talked to is left alone. */
  stop(): void;
}

/** Listens in a data folder that this process has locked. */
export function openControl({ folder, log, replace }: ControlOptions): Control {
  const { path, close } = socketPath(folder, controlFile);
  // Left behind by a process that was killed: the data folder's lock says that nobody listens there.
  rmSync(path, { force: true });
  const listener = Bun.listen<Caller>({
    unix: path,
    socket: {
      open: (socket) => {
        socket.data = new Caller(socket, replace);
      },
      data: (socket, chunk) => {
        try {
          socket.data.received(chunk);
        } catch (error) {
          log("warn", "whoever asked for this server's place was not understood", { error: String(error) });
          socket.end();
        }
      },
      close: (socket) => socket.data.closed(),
      error: (socket) => void socket.end(),
    },
  });
  chmodSync(path, 0o600);
  return {
    stop: () => {
      listener.stop(false);
      rmSync(path, { force: true });
      close();
    },
  };
}

class Caller {
  readonly #socket: Socket<Caller>;
  readonly #replace: ControlOptions["replace"];
  readonly #lines = new Lines<FromSuccessor>();
  readonly #listening = Promise.withResolvers<string | undefined>();
  #asked = false;

  constructor(socket: Socket<Caller>, replace: ControlOptions["replace"]) {
    this.#socket = socket;
    this.#replace = replace;
  }

  received(chunk: Uint8Array): void {
    for (const message of this.#lines.push(chunk)) {
      if (message.type === "listening") this.#listening.resolve(message.inbox);
      else if (!this.#asked) this.#ask(message);
    }
  }

  closed(): void {
    this.#listening.resolve(undefined);
  }

  #ask(request: Successor["request"]): void {
    this.#asked = true;
    this.#replace({
      request,
      listening: this.#listening.promise,
      send: (message) => void this.#socket.write(lineOf(message)),
      close: () => void this.#socket.end(),
    });
  }
}
