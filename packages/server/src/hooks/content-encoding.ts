// Takes compressed bodies apart, as far as they stay within the limit for bodies, and all of them together within theirs: what is
// small on the way may be large in memory, before it is known who sent it.
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { Transform } from "node:stream";
import { SluiceError } from "@sluice/protocol";
import type { ByteBudget } from "../byte-budget.ts";

const chunkSize = 64 * 1024;

/** Codings of RFC 9110 and RFC 8878. */
const codings: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip({ chunkSize }),
  "x-gzip": () => createGunzip({ chunkSize }),
  deflate: () => createInflate({ chunkSize }),
  br: () => createBrotliDecompress({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize }),
};

/**
 * The body as it was before it was compressed; its length is taken from the budget, for the caller to give back. Throws
 * `unsupported_media_type`, `payload_too_large`, `bad_request`, or `unavailable` where the budget has too little left.
 */
export async function decompressed(
  bytes: Uint8Array,
  coding: string | null,
  p: { readonly bodyBytesMax: number; readonly budget: ByteBudget },
): Promise<Uint8Array> {
  const name = coding?.trim().toLowerCase() ?? "";
  const decompress = Object.hasOwn(codings, name) ? codings[name] : undefined;
  if (decompress === undefined) {
    throw new SluiceError({
      code: "unsupported_media_type",
      message: `The content-encoding ${JSON.stringify(name.slice(0, 60))} is not read here.`,
      hint: "Send the body as it is, or compressed once with gzip, deflate, br or zstd.",
    });
  }
  let taken = 0;
  try {
    const pieces: Uint8Array[] = [];
    const stream = decompress();
    stream.end(bytes);
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      if (taken + piece.length > p.bodyBytesMax) throw tooLarge(p.bodyBytesMax);
      if (!p.budget.take(piece.length)) throw busy();
      taken += piece.length;
      pieces.push(piece);
    }
    return new Uint8Array(Buffer.concat(pieces, taken));
  } catch (error) {
    p.budget.give(taken);
    if (error instanceof SluiceError) throw error;
    throw new SluiceError({ code: "bad_request", message: `The body is not ${name}.`, hint: "Send it again." });
  }
}

function tooLarge(bodyBytesMax: number): SluiceError {
  return new SluiceError({
    code: "payload_too_large",
    message: `The body is longer than ${bodyBytesMax} bytes when it is decompressed (bodyBytesMax).`,
    hint: "Raise the setting limits.bodyBytesMax, or send less.",
  });
}

function busy(): SluiceError {
  return new SluiceError({
    code: "unavailable",
    message: "Too many compressed bodies are being read (decompressedBytesMax).",
    hint: "Send it again in a moment, or without compression.",
  });
}
