// Writes bytes to a file as they come, and says what they were: nothing of them is in memory, and the file is synced. Reads one back
// the same way.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** Read at once: a third of a millisecond of this thread each. */
const pieceBytes = 262_144;

export type Taken =
  | { readonly outcome: "whole"; readonly sha256: string; readonly bytes: number }
  /** It was not read further. */
  | { readonly outcome: "too_long" };

/** Writes a file that is not there yet. Rejects with what `pieces` throws, and with what the disk says; the file is then in parts. */
export async function writePieces(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  { bytesMax }: { readonly bytesMax: number },
): Promise<Taken> {
  const sum = createHash("sha256");
  const file = await open(path, "wx", 0o600);
  try {
    let bytes = 0;
    for await (const piece of pieces) {
      bytes += piece.length;
      if (bytes > bytesMax) return { outcome: "too_long" };
      sum.update(piece);
      await writeAll(file, piece);
    }
    await file.sync();
    return { outcome: "whole", sha256: sum.digest("hex"), bytes };
  } finally {
    await file.close();
  }
}

/** SHA-256 of a file in hex, read piece by piece. */
export async function sumOfFile(file: FileHandle): Promise<string> {
  const sum = createHash("sha256");
  const piece = new Uint8Array(pieceBytes);
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(piece, 0, pieceBytes, at);
    if (bytesRead === 0) return sum.digest("hex");
    sum.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) {
    at += (await file.write(piece, at, piece.length - at)).bytesWritten;
  }
}
