// How a server gives its place to its successor: first it lets go of what it executes while it still answers, then the successor
// listens beside it, then what still comes here is passed on, and the data folder is let go of.
import { systemClock } from "@sluice/core";
import type { Logger } from "@sluice/core";
import type { WireError } from "@sluice/protocol";
import type { Listener } from "../compose-listen.ts";
import type { Site } from "../compose-site.ts";
import type { ServerSettings } from "../config-settings.ts";
import type { Successor } from "./control.ts";
import { Forwarder } from "./forward.ts";
import { allowSharing, canShare } from "./port-sharing.ts";

/** Requests that were begun get this long to be answered before the store is closed; others are held until then. */
const requestsEndMsMax = 5_000;
/** It leaves when nobody has come to it for this long: clients close connections that they do not use. */
const quietMsMin = 3_000;
/** It leaves after this long, whoever still comes. */
const stayMsMax = 15_000;
const lookEveryMs = 5;

export interface HandoverParts {
  readonly site: Site;
  readonly listener: Listener;
  readonly settings: ServerSettings;
  readonly log: Logger;
  readonly successor: Successor;
  /** Resolves when the server is gone whose place this one took. */
  readonly alone: Promise<void>;
  /** Closes everything but the listener and lets go of the data folder. */
  readonly leave: () => Promise<void>;
}

/**
 * True when the successor has the place and nothing listens here any more; false when everything is as before: it was refused,
 * or went away before there was no way back.
 */
export async function handOver(p: HandoverParts): Promise<boolean> {
  const { site, listener, successor, log } = p;
  const refused = refusal(p);
  if (refused !== undefined) return refuse(successor, refused);
  // Two listeners can be told apart, three cannot.
  await p.alone;
  log("info", "a successor asks for the place of this server", { pid: successor.request.pid });
  await site.inTurn((serving) => serving.rest());
  if (allowSharing(listener.port)) successor.send({ type: "sharing", port: listener.port });
  else refuse(successor, portKept(listener.port));
  const inbox = await successor.listening;
  if (inbox === undefined) {
    log("warn", "the successor went away: this server goes on", { pid: successor.request.pid });
    await site.inTurn((serving) => serving.wake());
    return false;
  }
  const forwarder = new Forwarder({ inbox, clock: systemClock });
  listener.passOn(forwarder.fetch);
  // Streams end and sockets are closed: their clients come back, to the successor. Whoever waits is answered.
  site.serving.http.close();
  await until(() => listener.pending <= forwarder.open, requestsEndMsMax);
  await p.leave();
  successor.send({ type: "released" });
  log("info", "the successor has the place of this server", { pid: successor.request.pid });
  await until(() => forwarder.quietMs >= quietMsMin, stayMsMax);
  await listener.stop();
  successor.close();
  return true;
}

function refusal({ settings, listener, successor }: HandoverParts): WireError | undefined {
  const { host, port } = successor.request;
  if (!canShare) {
    return {
      code: "unavailable",
      message: "A port can be shared for a replacement on Linux only.",
      hint: "Stop the server, then start the other one.",
    };
  }
  if (host === settings.host && (port === 0 || port === listener.port)) return undefined;
  return {
    code: "invalid_config",
    message: `The server listens on ${settings.host}:${listener.port}, its successor would on ${host}:${port}.`,
    hint: "Replace it at the same address, or stop it and start the other one.",
  };
}

function portKept(port: number): WireError {
  return {
    code: "unavailable",
    message: `The kernel does not let port ${port} be shared.`,
    hint: "Stop the server, then start the other one.",
  };
}

function refuse(successor: Successor, error: WireError): false {
  successor.send({ type: "refused", error });
  successor.close();
  return false;
}

/** Resolves when it is so, or the time is up. */
function until(isSo: () => boolean, msMax: number): Promise<void> {
  const endAt = systemClock.now() + msMax;
  return new Promise((resolve) => {
    const look = (): void => {
      if (isSo() || systemClock.now() >= endAt) resolve();
      else systemClock.after(lookEveryMs, look);
    };
    look();
  });
}
