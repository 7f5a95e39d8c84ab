// The published web client, from the folder its package has it in. Pages of it are one page.
import { open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { mediaTypeOf } from "../terminal-files/media-types.ts";

const pages = /^\/(?:session\/[^/]+|worktrees|file-browser)?$/;
/** It brings its styles inline, and an editor that makes workers of text. */
const policy =
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'";

/** Undefined: there is no such file. */
export async function clientFile(folder: string, path: string): Promise<Response | undefined> {
  const root = await realpath(folder).catch(() => undefined);
  if (root === undefined) return undefined;
  let name: string;
  try {
    name = pages.test(path) ? "index.html" : decodeURIComponent(path).replace(/^\/+/, "");
  } catch {
    return undefined;
  }
  const real = await realpath(join(root, name)).catch(() => undefined);
  if (real === undefined || !real.startsWith(root + sep)) return undefined;
  const handle = await open(real, "r");
  try {
    if (!(await handle.stat()).isFile()) return undefined;
    const type = mediaTypeOf(real);
    return new Response(new Uint8Array(await handle.readFile()), {
      headers: {
        "content-type": type.startsWith("text/") ? `${type}; charset=utf-8` : type,
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
      },
    });
  } finally {
    await handle.close();
  }
}
