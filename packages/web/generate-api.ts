// Writes src/api-paths.ts and src/api-table.ts from the contract of the HTTP API: `bun packages/web/generate-api.ts`. A test fails
// when the files are older than the contract.

import { join } from "node:path";
import { routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { contracts } from "@sluice/protocol/http-schemas";

/** Answered with a page, or by going somewhere else: nothing a program calls. */
const pages: ReadonlySet<string> = new Set(["console", "consoleAsset", "consolePage", "docs", "docsAsset", "callHook"]);

/** For other programs than a browser: bodies that are no JSON, and protocols of other products. */
const programs: ReadonlySet<string> = new Set([
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

function isForConsole(name: string, { path, anyToken }: RouteSpec): boolean {
  // What takes the tokens of other products' programs is for those alone.
  const isForeign = path.startsWith(foreignCaches) || (anyToken === true && name !== "writeLogs");
  return !pages.has(name) && !programs.has(name) && !isForeign;
}

const opening = `// What every route of the API takes and answers, made by \`bun packages/web/generate-api.ts\` from the contract: not to be edited.
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

/** The files below src/ with their text, before it is formatted. */
function apiFiles(): Readonly<Record<"api-paths.ts" | "api-table.ts", string>> {
  const entries = Object.entries(routes).filter(([name, spec]) => isForConsole(name, spec)) as [RouteName, RouteSpec][];
  const paths = entries.map(([name, spec]) => `  ${name}: ${JSON.stringify(`${spec.methods[0]} ${spec.path}`)},\n`);
  const interfaces = entries.map(([name]) => typeOf(name));
  return {
    "api-paths.ts": `// Every route of the API, made by \`bun packages/web/generate-api.ts\` from the contract: not to be edited.

/** Method and path of each route. */
export const apiPaths = {
${paths.join("")}} as const;
`,
    "api-table.ts": `${opening}
/** Names of path and query parameters, the body sent, the body answered. */
export interface Api {
${interfaces.join("")}}
`,
  };
}

/** The files below src/ as the formatter would leave them. */
export async function formattedApiFiles(): Promise<readonly (readonly [name: string, text: string])[]> {
  return Promise.all(
    Object.entries(apiFiles()).map(async ([name, text]) => [name, await formatted(name, text)] as const),
  );
}

async function formatted(name: string, text: string): Promise<string> {
  const oxfmt = join(import.meta.dir, "../../node_modules/.bin/oxfmt");
  const child = Bun.spawn([oxfmt, "--stdin-filepath", `packages/web/src/${name}`], {
    cwd: join(import.meta.dir, "../.."),
    stdin: new Blob([text]),
    stdout: "pipe",
  });
  const result = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`oxfmt could not format ${name}`);
  return result;
}

if (import.meta.main) {
  for (const [name, text] of await formattedApiFiles()) await Bun.write(join(import.meta.dir, "src", name), text);
}
