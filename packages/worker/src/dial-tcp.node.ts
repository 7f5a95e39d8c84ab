// Connections over TCP and TLS, on runtimes that have Node's sockets: Bun, Node and Deno.
import { readFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";
import { connect as connectTls } from "node:tls";
import type { Dial } from "./remote-worker.ts";

export interface TcpTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** File with certificates to trust, in PEM format; no others are. */
  readonly ca?: string | undefined;
  /** Time to connect, TLS included; 10,000 without it. */
  readonly dialMs?: number | undefined;
}

const keepAliveMs = 30_000;
/** Who takes a connection and then says nothing, not even in TLS, is tried again. */
const dialMsDefault = 10_000;
/** What was written has this long to leave; nobody may be there any more to take it. */
const goodbyeMs = 10_000;

/** Dials this address. */
export function dialTcp({ host, port, tls, ca, dialMs = dialMsDefault }: TcpTarget): Dial {
  return (events) =>
    new Promise((resolve, reject) => {
      let why = "the connection was closed";
      let open = false;
      const opened = (): void => {
        open = true;
        clearTimeout(late);
        socket.setNoDelay(true);
        socket.setKeepAlive(true, keepAliveMs);
        resolve({
          // Node keeps what it cannot send at once: it has taken everything. How much that may be is the worker's to bound.
          write: (bytes) => {
            if (socket.destroyed) return 0;
            socket.write(bytes);
            return bytes.length;
          },
          get waitingBytes() {
            return socket.writableLength;
          },
          end: () => {
            socket.end();
            const cut = setTimeout(() => socket.destroy(), goodbyeMs);
            cut.unref();
            socket.once("close", () => clearTimeout(cut));
          },
        });
      };
      const socket: Socket = tls
        ? connectTls({ host, port, ...(ca === undefined ? {} : { ca: readFileSync(ca) }) }, opened)
        : connectTcp({ host, port }, opened);
      const late = setTimeout(() => socket.destroy(new Error(`no answer in ${dialMs} ms`)), dialMs);
      socket.on("data", (chunk: Uint8Array) => events.data(chunk));
      socket.on("drain", events.drained);
      socket.on("error", (error) => {
        why = error.message;
      });
      socket.on("close", () => {
        clearTimeout(late);
        if (open) events.closed(why);
        else reject(new Error(why));
      });
    });
}
