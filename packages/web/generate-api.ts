// Writes src/api-table.ts from the contract of the HTTP API: `bun packages/web/generate-api.ts`. A test fails when the
// file is older than the contract.

import { join } from "node:path";
import { routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { contracts } from "@sluice/protocol/http-schemas";

/** Answered with a page, or by going somewhere else: nothing a program calls. */
const pages: ReadonlySet<string> = new Set(["console", "consoleAsset", "consolePage", "docs", "docsAsset", "callHook"]);

/** For other programs than a browser: bodies that are no JSON, and protocols of other products. */
const programs: ReadonlySet<string> = new Set([
  "pushLokiLogs",
  "getBlob",
  "putBlob",
  "listMissingBlobs",
  "getCacheResult",
  "putCacheResult",
  "getCacheBlob",
  "putCacheBlob",
  "listMissingCacheBlobs",
]);
const foreignCaches = "/cache/";

function isForConsole(name: string, { path }: RouteSpec): boolean {
  return !pages.has(name) && !programs.has(name) && !path.startsWith(foreignCaches);
}

const opening = `// Every route of the API with its types, made by \`bun packages/web/generate-api.ts\` from the contract: not to be edited.
import type { schemas } from "@sluice/protocol/http-schemas";
import type { z } from "zod";

type Sent<Name extends keyof typeof schemas> = z.input<(typeof schemas)[Name]>;
type Body<Name extends keyof typeof schemas> = z.infer<(typeof schemas)[Name]>;
`;

function union(names: readonly string[]): string {
  return names.length === 0 ? "never" : names.map((name) => JSON.stringify(name)).join(" | ");
}

function typeOf(name: RouteName): string {
  const { request, responses, parameters = [] } = contracts[name];
  const params = [...routes[name].path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? "");
  const query = parameters.filter((each) => each.in === "query").map((each) => each.name);
  const bodies = new Set(
    Object.values(responses).map(({ body, type }) => {
      if (body !== undefined) return `Body<${JSON.stringify(body)}>`;
      if (type === undefined) return "undefined";
      return type === "application/json" ? "unknown" : "string";
    }),
  );
  const answer = [...bodies].join(" | ");
  const sent = request === undefined ? "undefined" : `Sent<${JSON.stringify(request)}>`;
  return `  ${name}: { params: ${union(params)}; query: ${union(query)}; request: ${sent}; answer: ${answer} };\n`;
}

/** The text of src/api-table.ts, before it is formatted. */
export function apiTable(): string {
  const entries = Object.entries(routes).filter(([name, spec]) => isForConsole(name, spec)) as [RouteName, RouteSpec][];
  const paths = entries.map(([name, spec]) => `  ${name}: ${JSON.stringify(`${spec.methods[0]} ${spec.path}`)},\n`);
  const interfaces = entries.map(([name]) => typeOf(name));
  return `${opening}
/** Method and path of each route. */
export const apiPaths = {
${paths.join("")}} as const;

/** What each route takes and answers: names of its path and query parameters, the body sent, the body answered. */
export interface Api {
${interfaces.join("")}}
`;
}

/** The text as the formatter would leave it. */
export async function formattedApiTable(): Promise<string> {
  const oxfmt = join(import.meta.dir, "../../node_modules/.bin/oxfmt");
  const child = Bun.spawn([oxfmt, "--stdin-filepath", "packages/web/src/api-table.ts"], {
    cwd: join(import.meta.dir, "../.."),
    stdin: new Blob([apiTable()]),
    stdout: "pipe",
  });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error("oxfmt could not format the table");
  return text;
}

if (import.meta.main) await Bun.write(join(import.meta.dir, "src/api-table.ts"), await formattedApiTable());
