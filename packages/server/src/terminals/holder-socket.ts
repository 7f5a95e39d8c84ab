// Where the holder of a data folder's terminals listens: the same for every server over that folder.
import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longest path that a Unix socket can have, in bytes, with room to spare. */
const pathBytesMax = 100;
const hashChars = 16;

/** In the data folder where its path is short enough, else in a folder of the user's own that has the data folder in its name. */
export function holderSocket(folder: string): string {
  const path = join(folder, "terminals", "holder.sock");
  if (Buffer.byteLength(path) <= pathBytesMax) return path;
  const name = new Bun.CryptoHasher("sha256").update(realpathSync(folder)).digest("hex").slice(0, hashChars);
  return join(tmpdir(), `sluice-terminals-${process.getuid?.() ?? 0}-${name}`, "holder.sock");
}
