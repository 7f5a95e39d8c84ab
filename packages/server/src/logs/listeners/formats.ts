// What speaks on listeners: syslog, GELF and Fluent's forward protocol, each over what it runs on.
import type { LogLimits, Logger } from "@sluice/core";
import {
  fluentAck,
  fluentChunk,
  fluentMessages,
  GelfDatagrams,
  NulFrames,
  readForward,
  readGelf,
  readSyslog,
  SyslogFrames,
} from "@sluice/core/logs";
import type { Collector } from "@sluice/core/logs";
import type { LogListener } from "../../config-logs.ts";
import { readOne } from "./intake.ts";
import type { Intake } from "./intake.ts";
import { listenTcp } from "./tcp.ts";
import type { LogConnection } from "./tcp.ts";
import { listenUdp } from "./udp.ts";
import type { Datagram, OpenListener } from "./udp.ts";

export interface ListenerParts {
  readonly intake: Intake;
  readonly limits: LogLimits;
  readonly log: Logger;
}

export type LogFormat = "syslog" | "gelf" | "fluent";

/** Messages of one connection that are being written at once. */
const writingMax = 256;

/** Rejects where it cannot listen there. */
export function listenFor(format: LogFormat, at: LogListener, parts: ListenerParts): Promise<OpenListener> {
  const { intake, limits, log } = parts;
  if (at.protocol === "udp") {
    const read = format === "syslog" ? readSyslogDatagrams : gelfDatagrams(limits, intake);
    return listenUdp(at, {
      intake,
      log,
      waitingMax: limits.logDatagramsWaitingMax,
      read: (collector, datagrams) => read(collector, datagrams, intake.clock.now()),
    });
  }
  const serve = { syslog: serveSyslog, gelf: serveGelf, fluent: serveFluent }[format];
  return listenTcp(at, {
    connectionsMax: limits.logConnectionsMax,
    log,
    serve: (connection) => serve(connection, parts),
  });
}

type ReadDatagrams = (collector: Collector, datagrams: readonly Datagram[], nowMs: number) => void;

const readSyslogDatagrams: ReadDatagrams = (collector, datagrams, timeMs) => {
  for (const { bytes, from } of datagrams) {
    const text = Buffer.from(bytes)
      .toString()
      .replace(/[\r\n\0]+$/, "");
    if (text !== "") readOne(collector, () => readSyslog(collector, { text, from, now: { timeMs, subNs: 0 } }));
  }
};

/** A batch that is read again, because the store could not take it, must find the same messages. */
function gelfDatagrams(limits: LogLimits, intake: Intake): ReadDatagrams {
  const whole = new GelfDatagrams(limits.logEntryLineBytesMax);
  const texts = new WeakMap<Datagram, string | undefined>();
  const textOf = (datagram: Datagram): string | undefined => {
    if (texts.has(datagram)) return texts.get(datagram);
    let text: string | undefined;
    try {
      text = whole.take(datagram.bytes, intake.clock.now());
    } catch {
      // What is no message of GELF is an entry that was rejected.
      text = "";
    }
    texts.set(datagram, text);
    return text;
  };
  return (collector, datagrams, timeMs) => {
    for (const datagram of datagrams) {
      const text = textOf(datagram);
      if (text !== undefined) readOne(collector, () => void readGelf(collector, { text, now: { timeMs, subNs: 0 } }));
    }
  };
}

async function serveSyslog({ from, pieces }: LogConnection, { intake, limits }: ListenerParts): Promise<void> {
  const frames = new SyslogFrames(limits.logEntryLineBytesMax);
  const write = (texts: readonly string[]): Promise<void> => {
    const now = { timeMs: intake.clock.now(), subNs: 0 };
    return intake.take((collector) => {
      for (const text of texts) readOne(collector, () => readSyslog(collector, { text, from, now }));
    });
  };
  for await (const piece of pieces) {
    const texts = frames.push(piece);
    if (texts.length > 0) await write(texts);
  }
  const last = frames.end();
  if (last !== "") await write([last]);
}

async function serveGelf({ pieces }: LogConnection, { intake, limits }: ListenerParts): Promise<void> {
  const frames = new NulFrames(limits.logEntryLineBytesMax);
  const write = (texts: readonly string[]): Promise<void> => {
    const now = { timeMs: intake.clock.now(), subNs: 0 };
    return intake.take((collector) => {
      for (const text of texts) readOne(collector, () => void readGelf(collector, { text, now }));
    });
  };
  for await (const piece of pieces) {
    const texts = frames.push(piece);
    if (texts.length > 0) await write(texts);
  }
  const last = frames.end();
  if (last !== "") await write([last]);
}

async function serveFluent(connection: LogConnection, { intake, limits }: ListenerParts): Promise<void> {
  const bytesMax = limits.logBodyBytesMax;
  let open = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of connection.pieces) {
      open += piece.length;
      if (open > bytesMax) throw new RangeError(`a message is longer than ${bytesMax} bytes (logBodyBytesMax)`);
      yield piece;
    }
  };
  const writing = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const failed = (error: unknown): void => {
    failures.push(error);
    connection.cut();
  };
  try {
    for await (const message of fluentMessages(counted(), bytesMax)) {
      open = 0;
      const one = writeForward(connection, message, { intake, bytesMax })
        .catch(failed)
        .finally(() => writing.delete(one));
      writing.add(one);
      if (writing.size >= writingMax) await Promise.race(writing);
    }
  } catch (error) {
    failures.push(error);
  }
  await Promise.all(writing);
  if (failures.length > 0) throw failures[0];
}

/** Acknowledged when it is on the disk; sent again under the same name, it is taken once. */
async function writeForward(
  connection: LogConnection,
  message: unknown,
  { intake, bytesMax }: { readonly intake: Intake; readonly bytesMax: number },
): Promise<void> {
  const now = { timeMs: intake.clock.now(), subNs: 0 };
  const chunk = fluentChunk(message);
  await intake.take(
    (collector) => readForward(collector, { message, now, bytesMax }),
    chunk === undefined ? undefined : `fluent:${chunk}`,
  );
  if (chunk !== undefined) connection.write(fluentAck(chunk));
}
