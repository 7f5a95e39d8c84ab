// The process that has the programs on terminals of one data folder: begun by a server with the path of its socket, with nothing of
// the server's environment, and left alone when the server goes.
import { chmodSync, unlinkSync, writeSync } from "node:fs";
import { systemClock } from "@sluice/core/clock";
import { spawnPty } from "@sluice/runtime/pty";
import { FrameSocket } from "./frame-socket.ts";
import { Holder } from "./holder.ts";
import { peerUser } from "./peer.ts";
import { shrinkWorkingSet } from "./working-set.ts";

const path = process.argv[2] ?? "";
const socketMode = 0o600;
const stdout = 1;

/** The name goes first: a server that finds none begins another holder. */
function end(): never {
  try {
    unlinkSync(path);
  } catch {
    // Somebody has removed it already.
  }
  process.exit(0);
}

const holder = new Holder({ clock: systemClock, spawnPty, ended: end, settled: shrinkWorkingSet });
// Whoever it was started from may go: it is told to end by SIGTERM alone.
for (const signal of ["SIGHUP", "SIGINT", "SIGPIPE"] as const) process.on(signal, () => undefined);
process.on("SIGTERM", () => holder.end());
process.umask(0o077);

Bun.listen<FrameSocket | undefined>({
  unix: path,
  socket: {
    open(socket) {
      // Bun's own: the number of the open file.
      const { fd } = socket as unknown as { readonly fd: number };
      if (peerUser(fd) === process.getuid?.()) socket.data = new FrameSocket(socket);
      else socket.terminate();
    },
    data(socket, bytes) {
      const { data: from } = socket;
      from?.received(bytes, (frame) => holder.take(from, frame));
    },
    drain({ data }) {
      data?.drained();
    },
    close({ data }) {
      data?.closed();
      if (data !== undefined) holder.lost(data);
    },
    error(socket, error) {
      console.error(error);
      socket.terminate();
    },
  },
});
chmodSync(path, socketMode);
writeSync(stdout, "ready\n");
systemClock.after(1_000, shrinkWorkingSet);
