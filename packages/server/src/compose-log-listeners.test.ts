// Senders that speak no HTTP: over real sockets, each format over what it runs on.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { logLimits, systemClock } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import type { Logger } from "@sluice/core";
import { listenForLogs } from "./compose-log-listeners.ts";
import type { LogListeners } from "./compose-log-listeners.ts";
import { logListeners } from "./config-logs.ts";
import { openLogs } from "./logs/log-desk.ts";
import type { LogDesk } from "./logs/log-desk.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-listeners-"));
const said: string[] = [];
const log: Logger = (_level, message) => void said.push(message);
let desk: LogDesk;
/** What the store says to the next batches. */
let refusals: SluiceError[] = [];
let listeners: LogListeners;

const any = (protocol: string): string => `${protocol}://127.0.0.1:0`;
const at = (...texts: string[]) => logListeners(texts, ["udp", "tcp"]) ?? [];
const limits = { logEntryLineBytesMax: 2_000, logBodyBytesMax: 5_000, logConnectionsMax: 3 };
const settings = (p: { syslog?: string[]; gelf?: string[]; fluent?: string[] }) => ({
  logs: {
    syslog: at(...(p.syslog ?? [])),
    gelf: at(...(p.gelf ?? [])),
    fluent: at(...(p.fluent ?? [])),
    pipelines: [],
  },
  limits,
});
type Options = Parameters<typeof listenForLogs>[0];
const listen = (p: Parameters<typeof settings>[0]): Promise<LogListeners> =>
  listenForLogs({ settings: settings(p), log } as unknown as Options, () => ({ logs: () => Promise.resolve(desk) }));

beforeAll(async () => {
  desk = await openLogs({ folder, clock: systemClock, log, limits: { ...logLimits, ...limits } });
  const append = desk.store.append.bind(desk.store);
  desk.store.append = (batch) => {
    const refusal = refusals.shift();
    return refusal === undefined ? append(batch) : Promise.reject(refusal);
  };
  listeners = await listen({
    syslog: [any("udp"), `${any("tcp")}?tenant=acme`],
    gelf: [any("udp"), any("tcp")],
    fluent: [any("tcp")],
  });
});
afterAll(async () => {
  await listeners.stop();
  await desk.store.close();
  rmSync(folder, { recursive: true, force: true });
});

function portOf(format: string, protocol: string): number {
  const found = listeners.addresses.find((each) => each.format === format && each.address.startsWith(protocol));
  return Number(found?.address.split(":").at(-1));
}

/** Waits until so many entries fit; answers with them, the latest last. */
async function until(count: number, query: string, tenant = "default") {
  const tail = desk.tails.tail({ tenant, filter: parsed(query), last: count });
  const entries = [];
  while (entries.length < count) entries.push(...((await tail.next())?.entries ?? []));
  tail.end();
  return entries;
}
const parsed = (name: string) => ({ kind: "text", text: name }) as const;

async function sendUdp(port: number, ...messages: (string | Uint8Array)[]): Promise<void> {
  const socket = createSocket("udp4");
  for (const message of messages) {
    await new Promise((resolve) => socket.send(message, port, "127.0.0.1", resolve));
  }
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}

const closings = new Map<Socket, Promise<void>>();

async function connected(format: string): Promise<Socket> {
  const socket = connect(portOf(format, "tcp"), "127.0.0.1");
  socket.on("error", () => undefined);
  closings.set(socket, new Promise((resolve) => socket.once("close", () => resolve())));
  await once(socket, "connect");
  return socket;
}

/** The other side has ended it. */
async function closed(socket: Socket): Promise<void> {
  socket.resume();
  await closings.get(socket);
}

describe("syslog", () => {
  test("comes as datagrams", async () => {
    await sendUdp(portOf("syslog", "udp"), "<11>Mar  4 12:00:00 h app[7]: udp one", "<14>1 - h app - - - udp two\n");
    const entries = await until(2, "udp ");
    expect(entries).toMatchObject([
      { line: "udp one", level: 5, labels: { host: "h", service: "app" } },
      { line: "udp two", level: 3 },
    ]);
  });

  test("comes over connections, counted or in lines, for the tenant of the listener", async () => {
    const socket = await connected("syslog");
    socket.write("<11>tcp one\n16 <11>app: tcp");
    socket.write(" two<11>tcp three");
    socket.end();
    const entries = await until(3, "tcp ", "acme");
    expect(entries.map(({ line }) => line)).toEqual(["tcp one", "tcp two", "tcp three"]);
    expect(entries[0]?.labels).toEqual({ host: "127.0.0.1" });
    await closed(socket);
  });

  test("that is too long ends its connection and no other", async () => {
    const [bad, good] = [await connected("syslog"), await connected("syslog")];
    bad.write("x".repeat(3_000));
    await closed(bad);
    good.end("<11>still good\n");
    expect(await until(1, "still good", "acme")).toHaveLength(1);
    await closed(good);
    expect(said).toContain("a connection for log entries has ended early");
  });

  test("of more connections than there may be is refused", async () => {
    const open = [await connected("syslog"), await connected("syslog"), await connected("syslog")];
    // Each of them is being served.
    open.forEach((socket, n) => socket.write(`<11>open ${n}\n`));
    await until(3, "open ", "acme");
    const more = await connected("syslog");
    await closed(more);
    for (const socket of open) {
      socket.end();
      await closed(socket);
    }
  });

  test("waits while the store cannot take it, and is not lost", async () => {
    refusals = [new SluiceError({ code: "disk_full", message: "no room" })];
    await sendUdp(portOf("syslog", "udp"), "<11>patient datagram");
    expect(await until(1, "patient datagram")).toHaveLength(1);
    expect(refusals).toEqual([]);
    expect(said).toContain("log entries wait to be written");
  });
});

describe("GELF", () => {
  const message = (short: string): string => JSON.stringify({ version: "1.1", host: "g", short_message: short });

  test("comes as datagrams, packed and in chunks", async () => {
    const packed = gzipSync(message("gelf packed"));
    const chunks = [packed.subarray(0, 20), packed.subarray(20)].map((part, n) =>
      Buffer.concat([Buffer.from([0x1e, 0x0f, 1, 2, 3, 4, 5, 6, 7, 8, n, 2]), part]),
    );
    await sendUdp(portOf("gelf", "udp"), message("gelf plain"), "nonsense", ...chunks);
    expect((await until(2, "gelf p")).map(({ line }) => line)).toEqual(["gelf plain", "gelf packed"]);
  });

  test("comes over connections, a NUL behind each", async () => {
    const socket = await connected("gelf");
    socket.end(`${message("nul one")}\0${message("nul two")}`);
    expect((await until(2, "nul ")).map(({ line }) => line)).toEqual(["nul one", "nul two"]);
    await closed(socket);
  });
});

describe("Fluent's forward protocol", () => {
  /** `["t", 1772625600, {"log": text}, {"chunk": chunk}]` in MessagePack. */
  const event = (text: string, chunk: string): Buffer => {
    const str = (value: string): Buffer => Buffer.concat([Buffer.from([0xa0 + value.length]), Buffer.from(value)]);
    const time = Buffer.from([0xce, 0x69, 0xa8, 0x1a, 0xc0]);
    return Buffer.concat([
      Buffer.from([0x94]),
      str("t"),
      time,
      Buffer.from([0x81]),
      str("log"),
      str(text),
      Buffer.from([0x81]),
      str("chunk"),
      str(chunk),
    ]);
  };

  test("is acknowledged when it is on the disk, and taken once under its name", async () => {
    const socket = await connected("fluent");
    let answered = "";
    socket.on("data", (bytes: Buffer) => (answered += bytes.toString("latin1")));
    socket.write(Buffer.concat([event("fluent one", "c1"), event("fluent two", "c2")]).subarray(0, 40));
    socket.write(Buffer.concat([event("fluent one", "c1"), event("fluent two", "c2")]).subarray(40));
    const acks = "\x81\xa3ack\xa2c1\x81\xa3ack\xa2c2";
    while (answered.length < acks.length) await once(socket, "data");
    expect(answered).toBe(acks);
    expect((await until(2, "fluent ")).map(({ line, labels }) => [line, labels["tag"]])).toEqual([
      ["fluent one", "t"],
      ["fluent two", "t"],
    ]);
    const before = desk.store.lastSeq;
    socket.write(event("fluent one", "c1"));
    while (answered.length < acks.length + 8) await once(socket, "data");
    expect(desk.store.lastSeq).toBe(before);
    socket.end();
    await closed(socket);
  });

  test.each([
    ["no message", Buffer.from([0x93, 1, 2, 3])],
    ["no MessagePack", Buffer.from([0xc1])],
    ["a message without an end", Buffer.concat([Buffer.from([0xdb, 0, 0, 0x13, 0x80]), Buffer.alloc(5_100)])],
  ])("ends with %s", async (_what, bytes) => {
    const socket = await connected("fluent");
    socket.write(bytes);
    await closed(socket);
  });
});

describe("a listener", () => {
  test("that cannot be opened says why, and leaves none open", async () => {
    const port = portOf("syslog", "tcp");
    const both = listen({ gelf: [any("tcp")], fluent: [`tcp://127.0.0.1:${port}`] });
    expect(await both.then(String, String)).toContain(`fluent cannot be listened for on tcp://127.0.0.1:${port}`);
  });

  test("that is stopped has written what came", async () => {
    const own = await listen({ syslog: [any("udp")] });
    const port = Number(own.addresses[0]?.address.split(":").at(-1));
    await sendUdp(port, "<11>before the end");
    expect(await until(1, "before the end")).toHaveLength(1);
    await own.stop();
  });
});
