// The console as answers: its page under a strict policy, and its parts, which never change under their name.
import { consoleSections } from "@sluice/protocol/http";
import { ConsoleFiles } from "./console-files.ts";
import { failure } from "./wire.ts";

const sections: ReadonlySet<string> = new Set(consoleSections);
/** What programs ask for. */
const served: ReadonlySet<string> = new Set(["api", "hooks", "assets"]);
const nonceBytes = 16;
const yearSeconds = 31_536_000;

/** Nothing inline, nothing from elsewhere, in nobody's frame. */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

const guarding: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
};

/** Shown where the product runs from its sources and nobody has built the console. */
const unbuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sluice</title>
<h1>The console has not been built</h1>
<p>This server runs from its sources. Build the console once, then load this page again:</p>
<pre>node scripts/run.mjs packages/web/build.ts</pre>
<p>The API works without it: <a href="/api/docs">/api/docs</a>.</p>
</html>
`;

/** What the routes of the console answer with. */
export class Console {
  readonly #files: ConsoleFiles;

  constructor(files = new ConsoleFiles()) {
    this.#files = files;
  }

  /** The page at a path, for `/` and everything below a section. */
  page(path = "/", status = 200): Response {
    const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(nonceBytes))).toString("base64url");
    const page = this.#files.page(nonce, path);
    return new Response(page ?? unbuilt, {
      status: page === undefined ? 503 : status,
      headers: {
        ...guarding,
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-cache",
        "content-security-policy": policyOf(nonce),
      },
    });
  }

  /**
   * The page at a path without its leading `/`. Where the console has nothing, somebody who asks for a page gets one that says so
   * and leads on, everybody else the API's 404.
   */
  pageAt(path: string, wantsPage = false): Response {
    const [section = ""] = path.split("/", 1);
    if (sections.has(section)) return this.page(`/${path}`);
    return wantsPage && !served.has(section) ? this.page(`/${path}`, 404) : nothingHere();
  }

  /** A part of the console. */
  asset(name: string, request: Request): Response {
    const { headers } = request;
    const found = this.#files.asset(name, headers.get("accept-encoding"));
    if (found === undefined) return nothingHere();
    const etag = `"${name}${found.encoding === undefined ? "" : `.${found.encoding}`}"`;
    const answer: Record<string, string> = {
      ...guarding,
      "content-type": found.type,
      "cache-control": `public, max-age=${yearSeconds}, immutable`,
      vary: "accept-encoding",
      etag,
      ...(found.encoding === undefined ? {} : { "content-encoding": found.encoding }),
    };
    const known = headers
      .get("if-none-match")
      ?.split(",")
      .some((each) => each.trim().replace(/^W\//, "") === etag);
    if (known === true) return new Response(null, { status: 304, headers: answer });
    return new Response(Bun.file(found.file), { headers: answer });
  }
}

function nothingHere(): Response {
  return failure({
    code: "not_found",
    message: "There is nothing at this URL.",
    hint: "GET /api/openapi.json lists every URL; the page /api/docs shows them.",
  });
}
