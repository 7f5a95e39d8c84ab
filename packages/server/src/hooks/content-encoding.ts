// Takes compressed bodies apart, as far as they stay within the limit for bodies.
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import type { InputType, ZlibOptions } from "node:zlib";
import { SluiceError } from "@sluice/protocol";

type Decompress = (bytes: InputType, options: ZlibOptions) => Promise<Buffer>;

/** Codings of RFC 9110 and RFC 8878. */
const codings: Readonly<Record<string, Decompress>> = {
  gzip: promisify(gunzip) as Decompress,
  "x-gzip": promisify(gunzip) as Decompress,
  deflate: promisify(inflate) as Decompress,
  br: promisify(brotliDecompress) as Decompress,
  zstd: promisify(zstdDecompress) as Decompress,
};

/** The body as it was before it was compressed. Throws `unsupported_media_type`, `payload_too_large` or `bad_request`. */
export async function decompressed(
  bytes: Uint8Array,
  coding: string | null,
  { bodyBytesMax }: { readonly bodyBytesMax: number },
): Promise<Uint8Array> {
  const name = coding?.trim().toLowerCase() ?? "";
  if (name === "" || name === "identity") return bytes;
  const decompress = Object.hasOwn(codings, name) ? codings[name] : undefined;
  if (decompress === undefined) {
    throw new SluiceError({
      code: "unsupported_media_type",
      message: `The content-encoding ${JSON.stringify(name.slice(0, 60))} is not read here.`,
      hint: "Send the body as it is, or compressed once with gzip, deflate, br or zstd.",
    });
  }
  try {
    return new Uint8Array(await decompress(bytes, { maxOutputLength: bodyBytesMax }));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      throw new SluiceError({
        code: "payload_too_large",
        message: `The body is longer than ${bodyBytesMax} bytes when it is decompressed (bodyBytesMax).`,
        hint: "Raise the setting limits.bodyBytesMax, or send less.",
      });
    }
    throw new SluiceError({ code: "bad_request", message: `The body is not ${name}.`, hint: "Send it again." });
  }
}
