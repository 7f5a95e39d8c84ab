// The server's end of the connection to the holder of its terminals: made when it is needed, and anew when the holder is gone.
import { statSync } from "node:fs";
import type { Clock, Logger } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import { bodyIn, bodyOf, holderVersion } from "./frames.ts";
import type { Frame } from "./frames.ts";
import { FrameSocket } from "./frame-socket.ts";
import type { HelloBody, HolderSettings, WelcomeBody } from "./messages.ts";

export interface HolderLink {
  /** Sessions that it had when it was connected. */
  readonly sessions: readonly string[];
  send(frame: Frame): void;
  /** Lets go of it. */
  end(): void;
}

export interface LinkParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly path: string;
  readonly settings: HolderSettings;
  readonly take: (frame: Frame) => void;
  /** Not after `end`. */
  readonly lost: () => void;
}

/** A holder that says nothing for this long is none. */
const welcomeMsMax = 10_000;

/** Undefined where no holder is there. Throws `unavailable` for one that is another user's, or speaks otherwise. */
export async function connectHolder(parts: LinkParts): Promise<HolderLink | undefined> {
  if (!isOurs(parts.path)) return undefined;
  const welcomed = Promise.withResolvers<WelcomeBody | undefined>();
  let link: FrameSocket | undefined;
  let isOver = false;
  const take = (frame: Frame): void => {
    if (frame.kind === "welcome") welcomed.resolve(bodyIn<WelcomeBody>(frame.body).value);
    else parts.take(frame);
  };
  const close = (): void => {
    link?.closed();
    welcomed.resolve(undefined);
    if (!isOver) parts.lost();
    isOver = true;
  };
  try {
    await Bun.connect({
      unix: parts.path,
      socket: {
        open(socket) {
          link = new FrameSocket(socket);
          const hello: HelloBody = { version: holderVersion, settings: parts.settings };
          link.send({ kind: "hello", id: "", body: bodyOf(hello) });
        },
        data: (_socket, bytes) => link?.received(bytes, take),
        drain: () => link?.drained(),
        close,
        error: (_socket, error) => {
          parts.log("error", "what came from the holder of terminals could not be taken", { error: String(error) });
          link?.cut();
        },
      },
    });
  } catch {
    isOver = true;
    return undefined; // Its process was killed: the socket is a name only.
  }
  const stopWaiting = parts.clock.after(welcomeMsMax, () => welcomed.resolve(undefined));
  const welcome = await welcomed.promise;
  stopWaiting();
  const end = (): void => {
    isOver = true;
    link?.end();
  };
  if (welcome === undefined) {
    end();
    return undefined;
  }
  if (welcome.version !== holderVersion) {
    end();
    throw new SluiceError({
      code: "unavailable",
      message: `Terminals of another version of Sluice go on here: they speak version ${welcome.version}, this is ${holderVersion}.`,
      hint: "End them, or start the version that they were begun with.",
    });
  }
  return { sessions: welcome.sessions, send: (frame) => link?.send(frame), end };
}

/** Whether there is a socket; throws where somebody else has put one there. */
function isOurs(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.uid === process.getuid?.()) return true;
  throw new SluiceError({ code: "unavailable", message: `${path} is another user's.` });
}
