// A file as it is, as an answer: by ranges, with a tag for caches, and harmless in a browser whatever is in it.
import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { mediaTypeOf } from "./media-types.ts";

const pieceBytes = 256 * 1024;
/** A page or a picture with scripts in it does nothing, and is of no origin. */
const sandbox = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** Takes over the file, and closes it at the end. `attachment`: to be saved instead of shown. */
export async function rawFile(
  request: Request,
  file: { readonly handle: FileHandle; readonly path: string },
  { attachment = false }: { readonly attachment?: boolean } = {},
): Promise<Response> {
  const stat = await file.handle.stat({ bigint: true });
  const bytes = Number(stat.size);
  const etag = `"${stat.mtimeNs.toString(36)}-${stat.size.toString(36)}-${stat.ino.toString(36)}"`;
  const name = encodeURIComponent(basename(file.path)).replaceAll("'", "%27");
  const headers = {
    "content-type": mediaTypeOf(file.path),
    "x-content-type-options": "nosniff",
    "content-security-policy": sandbox,
    "cross-origin-resource-policy": "same-origin",
    "content-disposition": `${attachment ? "attachment" : "inline"}; filename*=UTF-8''${name}`,
    "accept-ranges": "bytes",
    "cache-control": "private, no-cache",
    "last-modified": new Date(Number(stat.mtimeMs)).toUTCString(),
    etag,
  };
  if (isKnown(request.headers.get("if-none-match"), etag)) {
    await file.handle.close();
    return new Response(null, { status: 304, headers });
  }
  const range = rangeIn(request, { bytes, etag });
  if (range === "unsatisfiable") {
    await file.handle.close();
    return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${bytes}` } });
  }
  const { from, to } = range ?? { from: 0, to: bytes };
  const lengths = { "content-length": String(to - from) };
  const partial = range === undefined ? {} : { "content-range": `bytes ${from}-${to - 1}/${bytes}` };
  const all = { ...headers, ...lengths, ...partial };
  const status = range === undefined ? 200 : 206;
  if (request.method === "HEAD") {
    await file.handle.close();
    return new Response(null, { status, headers: all });
  }
  return new Response(piecesOf(file.handle, from, to), { status, headers: all });
}

function piecesOf(handle: FileHandle, from: number, to: number): ReadableStream<Uint8Array> {
  let at = from;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const wanted = Math.min(pieceBytes, to - at);
      const { bytesRead, buffer } = await handle.read(new Uint8Array(wanted), 0, wanted, at);
      at += bytesRead;
      if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
      // One that got shorter meanwhile ends early, and whoever reads it sees that by its length.
      if (at < to && bytesRead > 0) return;
      await handle.close();
      controller.close();
    },
    cancel: async () => handle.close(),
  });
}

function isKnown(header: string | null, etag: string): boolean {
  return (
    header !== null && header.split(",").some((each) => each.trim().replace(/^W\//, "") === etag || each.trim() === "*")
  );
}

/** One range (RFC 9110, section 14); several, or none that is understood, are answered with everything. */
function rangeIn(
  { headers }: Request,
  { bytes, etag }: { readonly bytes: number; readonly etag: string },
): { readonly from: number; readonly to: number } | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(headers.get("range") ?? "") ?? [];
  const condition = headers.get("if-range");
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (condition !== null && condition !== etag) return undefined;
  if (first === "")
    return last === "0" || bytes === 0 ? "unsatisfiable" : { from: Math.max(0, bytes - Number(last)), to: bytes };
  const [from, to] = [Number(first), last === "" ? bytes : Math.min(Number(last) + 1, bytes)];
  if (last !== "" && Number(last) < from) return undefined;
  return from >= bytes ? "unsatisfiable" : { from, to };
}
