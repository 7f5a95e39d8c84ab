// The page with every component of the console, built and served for tests and for looking at it:
// `node scripts/run.mjs scripts/gallery.ts`.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPage } from "../packages/web/build.ts";

export interface Gallery {
  readonly url: string;
  stop(): Promise<void>;
}

/** As strict as the console's own. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-gallery'; img-src 'self'; connect-src 'self'; worker-src 'self'";

/** Serves the gallery on a free port of the loopback, and `values` as JSON under their names. */
export async function serveGallery(values: Readonly<Record<string, string>>): Promise<Gallery> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-gallery-"));
  const { files } = await buildPage({ entry: "gallery/main.tsx", outdir: join(folder, "dist") });
  const page = readFileSync(join(folder, "dist/index.html"), "utf8").replace("STYLE_NONCE", "gallery");
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => {
      const name = new URL(request.url).pathname.split("/").at(-1) ?? "";
      const value = values[name];
      if (value !== undefined) return new Response(value, { headers: { "content-type": "application/json" } });
      const file = files[name];
      if (file === undefined) {
        return new Response(page, { headers: { "content-type": "text/html", "content-security-policy": policy } });
      }
      return new Response(Bun.file(join(folder, "dist/assets", name)), { headers: { "content-type": file.type } });
    },
  });
  return {
    url: server.url.origin,
    stop: async () => {
      await server.stop(true);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

if (import.meta.main) console.log((await serveGallery({})).url);
