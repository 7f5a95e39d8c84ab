// The successor's end of the socket on which it asks a server for its place.
import type { Socket } from "bun";
import { SluiceError } from "@sluice/protocol";
import type { ComposeOptions } from "../compose-parts.ts";
import { controlFile, lineOf, Lines, socketPath } from "./messages.ts";
import type { FromServer } from "./messages.ts";

/** What becomes of having asked. */
export interface Asking {
  /** The port that may be listened on; undefined when the server went away before. Rejects with what it refuses this for. */
  readonly sharing: Promise<number | undefined>;
  /** Resolves when the data folder is free, or the server gone. */
  readonly released: Promise<void>;
  /** Resolves when the server is gone. */
  readonly ended: Promise<void>;
  listening(inbox: string): void;
  close(): void;
}

/** Undefined when no server listens in the data folder. */
export async function askForPlace({ settings }: Pick<ComposeOptions, "settings">): Promise<Asking | undefined> {
  const { path, close } = socketPath(settings.data, controlFile);
  const sharing = Promise.withResolvers<number | undefined>();
  const released = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  // Whoever asks hears of a refusal when it looks.
  sharing.promise.catch(() => undefined);
  const lines = new Lines<FromServer>();
  const over = (): void => {
    sharing.resolve(undefined);
    released.resolve();
    ended.resolve();
  };
  const heard = (message: FromServer): void => {
    if (message.type === "sharing") sharing.resolve(message.port);
    else if (message.type === "released") released.resolve();
    else sharing.reject(new SluiceError(message.error));
  };
  let socket: Socket;
  try {
    socket = await Bun.connect({
      unix: path,
      socket: { data: (_socket, chunk) => lines.push(chunk).forEach(heard), close: over, error: over },
    });
  } catch {
    return undefined;
  } finally {
    close();
  }
  const { host, port } = settings;
  socket.write(lineOf({ type: "replace", pid: process.pid, host, port }));
  return {
    sharing: sharing.promise,
    released: released.promise,
    ended: ended.promise,
    listening: (inbox) => void socket.write(lineOf({ type: "listening", inbox })),
    close: () => void socket.end(),
  };
}
