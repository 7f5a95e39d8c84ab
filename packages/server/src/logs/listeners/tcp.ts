// Connections that carry log entries: read from as fast as what they send is written, and no faster.
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Logger } from "@sluice/core";
import { plainAddress } from "../../address.ts";
import type { LogListener } from "../../config-logs.ts";
import type { OpenListener } from "./udp.ts";

/** How soon a connection of which nothing is heard is asked for a sign of life by the system. */
const keepAliveMs = 60_000;

export interface LogConnection {
  readonly from: string;
  /** What it sends; the next piece is read when this one is done with. */
  readonly pieces: AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array): void;
  /** Ends it at once, for a reason that `serve` then fails with. */
  cut(): void;
}

/** Rejects where it cannot listen there. A connection is closed when `serve` is done with it or fails. */
export async function listenTcp(
  { host, port }: Pick<LogListener, "host" | "port">,
  p: {
    readonly connectionsMax: number;
    readonly log: Logger;
    readonly serve: (connection: LogConnection) => Promise<void>;
  },
): Promise<OpenListener> {
  const open = new Map<Socket, Promise<void>>();
  const server = createServer((socket) => {
    if (open.size >= p.connectionsMax) {
      p.log("warn", "a connection for log entries was refused: too many are open (logConnectionsMax)");
      socket.destroy();
      return;
    }
    socket.setKeepAlive(true, keepAliveMs);
    open.set(
      socket,
      served(socket, p).finally(() => open.delete(socket)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const serving = [...open.values()];
      for (const socket of open.keys()) socket.destroy();
      await Promise.all([closed, ...serving]);
    },
  };
}

async function served(
  socket: Socket,
  { serve, log }: { readonly serve: (connection: LogConnection) => Promise<void>; readonly log: Logger },
): Promise<void> {
  const from = plainAddress(socket.remoteAddress ?? "");
  // Whoever writes to a connection that has gone hears of it while reading.
  socket.on("error", () => undefined);
  const write = (bytes: Uint8Array): void => void socket.write(bytes);
  try {
    await serve({ from, pieces: socket as AsyncIterable<Uint8Array>, write, cut: () => void socket.destroy() });
    socket.end();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    log("warn", "a connection for log entries has ended early", { from, error: said });
  } finally {
    socket.destroySoon();
  }
}
