// A connection on Deno.

import { RuntimeFailure } from "../failure.ts";
import type { Link, LinkEvents, TcpOptions } from "../transport/transport.ts";
import { denoApi } from "./deno-api.ts";
import type { DenoConn } from "./deno-api.ts";

const deno = denoApi();
const readBytes = 65_536;

async function dial({ host, port, tls }: TcpOptions): Promise<DenoConn> {
  const plain = await deno.connect({ hostname: host, port });
  plain.setNoDelay?.(true);
  if (tls === undefined) return plain;
  const authorities = tls.ca === undefined ? {} : { caCerts: [tls.ca] };
  const secure = await deno.startTls(plain, { hostname: tls.serverName ?? host, ...authorities });
  try {
    await secure.handshake();
    return secure;
  } catch (error) {
    secure.close();
    throw error;
  }
}

/** Opens one; resolves when it is there, and with TLS when the other side is who it says. */
export async function openTcpLink(options: TcpOptions, events: LinkEvents): Promise<Link> {
  const conn = await dial(options);
  let open = true;
  const shut = (): void => {
    if (open) conn.close();
    open = false;
  };
  /** Reads the next piece when the one before was heard: a slow listener fills the system's buffers and slows the peer. */
  const read = async (): Promise<void> => {
    const into = new Uint8Array(readBytes);
    for (let count = await conn.read(into); count !== null; count = await conn.read(into))
      await events.data(into.slice(0, count));
  };
  void read().then(
    () => {
      shut();
      events.closed();
    },
    (error: unknown) => {
      // Closing from here interrupts the read; that is no failure.
      events.closed(open ? error : undefined);
      shut();
    },
  );
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) {
        if (!open) throw new RuntimeFailure("closed", "the connection is closed");
        at += await conn.write(bytes.subarray(at));
      }
    },
    close: shut,
  };
}
