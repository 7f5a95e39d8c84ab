// The API document and the page to try it. Loaded on the first request for either.
import type { Call } from "../call.ts";
import css from "../docs-page/page.css" with { type: "text" };
import html from "../docs-page/page.html" with { type: "text" };
// eslint-disable-next-line import/default -- it is imported as text
import script from "../docs-page/page.mjs" with { type: "text" };
import { pageHeaders } from "../hygiene.ts";
import { openapiDocument } from "../openapi.ts";
import { failure, reply } from "../wire.ts";

export function openapi({ parts }: Call): Response {
  return reply("json", 200, openapiDocument(parts.version));
}

/** The page talks to this server only, and nobody may put it into a frame. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function asset(text: string, type: string): Response {
  return new Response(text, {
    headers: {
      ...pageHeaders(policy),
      "content-type": `${type}; charset=utf-8`,
      "cache-control": "no-cache",
    },
  });
}

/** The types of the platform take an .html for a bundle; with `type: "text"` it is its text. */
export function docs(_call: Call): Response {
  return asset(html as unknown as string, "text/html");
}

export function docsAsset(call: Call): Response {
  switch (call.param(0)) {
    case "page.mjs":
      return asset(script, "text/javascript");
    case "page.css":
      return asset(css, "text/css");
    default:
      return failure({
        code: "not_found",
        message: "The page has no such part.",
        hint: "GET /api/docs shows the page.",
      });
  }
}
