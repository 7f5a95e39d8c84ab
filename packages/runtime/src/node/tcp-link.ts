// A connection by `node:net` and `node:tls`.

import { connect as connectPlain } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Link, LinkEvents, TcpOptions } from "../transport/transport.ts";

function dial({ host, port, tls }: TcpOptions): { readonly socket: Socket; readonly ready: string } {
  if (tls === undefined) return { socket: connectPlain({ host, port, noDelay: true }), ready: "connect" };
  const { ca, serverName } = tls;
  const named = serverName === undefined ? {} : { servername: serverName };
  const socket = connectTls({ host, port, ...named, ...(ca === undefined ? {} : { ca }) });
  socket.setNoDelay(true);
  return { socket, ready: "secureConnect" };
}

/** Opens one; resolves when it is there, and with TLS when the other side is who it says. */
export async function openTcpLink(options: TcpOptions, events: LinkEvents): Promise<Link> {
  const { socket, ready } = dial(options);
  await new Promise<void>((resolve, reject) => {
    socket.once(ready, () => {
      socket.off("error", reject);
      resolve();
    });
    socket.once("error", reject);
  });
  let failure: Error | undefined;
  socket.on("error", (error) => {
    failure = error;
  });
  void read(socket, events).then(
    () => events.closed(failure),
    (error: unknown) => events.closed(failure ?? error),
  );
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => void socket.end(() => socket.destroy()),
  };
}

/** Reads the next piece when the one before was heard: a slow listener fills the system's buffers and slows the peer. */
async function read(socket: Socket, events: LinkEvents): Promise<void> {
  try {
    for await (const piece of socket as AsyncIterable<Uint8Array>) await events.data(piece);
  } finally {
    socket.destroy();
  }
}
