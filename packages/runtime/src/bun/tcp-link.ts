// A connection on Bun.

import type { Socket } from "bun";
import { RuntimeFailure } from "../failure.ts";
import type { Link, LinkEvents, TcpOptions } from "../transport/transport.ts";

/** Opens one; resolves when it is there, and with TLS when the other side is who it says. */
export async function openTcpLink({ host, port, tls }: TcpOptions, events: LinkEvents): Promise<Link> {
  let writable = Promise.withResolvers<void>();
  let open = true;
  let failure: unknown;
  let hearing: Promise<void> = Promise.resolve();
  const shaken = Promise.withResolvers<void>();
  shaken.promise.catch(() => undefined); // Without TLS nobody waits for it.
  const wake = (): void => {
    writable.resolve();
    writable = Promise.withResolvers();
  };
  const handlers = {
    data(socket: Socket, bytes: Uint8Array) {
      // Nothing is read while a piece is being heard: the system's buffers fill, and slow the peer.
      socket.pause();
      hearing = hearing.then(() => events.data(bytes)).then(() => void (open && socket.resume()));
    },
    drain: wake,
    handshake(_socket: Socket, _success: boolean, problem: Error | null) {
      if (problem === null) shaken.resolve();
      else shaken.reject(new RuntimeFailure("connection_failed", `TLS: ${problem.message}`, { cause: problem }));
    },
    error(_socket: Socket, error: Error) {
      failure ??= error;
    },
    end: (socket: Socket) => void socket.end(),
    close(_socket: Socket, error?: Error) {
      open = false;
      failure ??= error;
      shaken.reject(new RuntimeFailure("connection_failed", "the connection was closed before TLS began"));
      wake();
      void hearing.then(() => events.closed(failure));
    },
  };
  const names = tls?.serverName === undefined ? {} : { serverName: tls.serverName };
  const secure = tls === undefined ? {} : { tls: { ...names, ...(tls.ca === undefined ? {} : { ca: tls.ca }) } };
  const socket: Socket = await Bun.connect({ hostname: host, port, ...secure, socket: handlers });
  socket.setNoDelay(true);
  if (tls !== undefined) {
    try {
      await shaken.promise;
    } catch (error) {
      socket.terminate();
      throw error;
    }
  }
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) {
        if (!open) throw new RuntimeFailure("closed", "the connection is closed", { cause: failure });
        const room = writable.promise;
        at += Math.max(0, socket.write(bytes, at, bytes.length - at));
        if (at < bytes.length) await room;
      }
    },
    close: () => void socket.end(),
  };
}
