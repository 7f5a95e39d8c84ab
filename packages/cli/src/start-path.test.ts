// What `sluice up` loads before anybody has asked for anything stays in its memory for good: this watches that it stays little.
import { describe, expect, test } from "bun:test";
import { readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dir, "../../..");
const transpiler = new Bun.Transpiler({ loader: "ts" });

/** Modules that are there once a server is up and has answered /health, by the module that brings each first. */
const starts = ["packages/cli/src/main.ts", "packages/cli/src/serve.ts"];
const server = "packages/server/src/index.ts";
const writer = "packages/core/src/store/sqlite/writer-thread.ts";
/** As of today, with room for a few. Each module costs a server at rest some 30 kB. */
const modulesMax = { server: 323, writer: 155 };

/** Paths from the root of what these files load without being asked, through static imports of values; and modules of Node. */
function loadedBy(entries: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (file: string, from: string): void => {
    const path = relative(root, file);
    if (found.has(path)) return;
    found.set(path, from);
    if (!/\.[mc]?[jt]s$/.test(file)) return;
    for (const { kind, path: specifier } of transpiler.scanImports(readFileSync(file))) {
      if (kind !== "import-statement" || /^bun\b/.test(specifier)) continue;
      if (specifier.startsWith("node:")) found.set(specifier, path);
      else visit(realpathSync(Bun.resolveSync(specifier, dirname(file))), path);
    }
  };
  for (const entry of entries) visit(join(root, entry), "");
  return found;
}

function unwantedIn(loaded: Map<string, string>, unwanted: RegExp): string[] {
  return [...loaded].filter(([path]) => unwanted.test(path)).map(([path, from]) => `${path} by ${from}`);
}

describe("a server at its start", () => {
  const loaded = loadedBy([...starts, server]);

  test("loads what it is made of", () => {
    expect([...loaded.keys()]).toContain("packages/core/src/engine/engine.ts");
    expect([...loaded.keys()]).toContain("packages/server/src/http.ts");
  });

  test.each([
    [
      "schemas and libraries of signing in",
      /node_modules\/(?:zod|jose|openid-client|oauth4webapi|@simplewebauthn|otpauth)\//,
    ],
    ["the router", /node_modules\/hono\//],
    ["Node's cryptography, streams and processes, 1 to 2 MB each", /^node:(?:crypto|stream|child_process|net|http)/],
    ["the API document", /(?:openapi|contracts?|schemas)\.ts$/],
    ["routes but health", /^packages\/server\/src\/routes\/(?!table|health)/],
    ["the console, search and the live stream", /^packages\/server\/src\/(?:console|search\/|live\/(?!limits))/],
    [
      "commands, and what they are made with",
      /^packages\/cli\/src\/(?:api|watch|program)\.ts$|^packages\/cli\/src\/commands\/|node_modules\/commander\//,
    ],
    [
      "what runs user code",
      /^packages\/(?:sdk|web)\/|^packages\/worker\/src\/(?:worker|incarnation|replay|context)\.ts$/,
    ],
    [
      "what only the store's threads do",
      /^packages\/core\/src\/store\/(?:audit\/|sqlite\/(?:append|change|runs|reads|verbs|run-lists)\.ts)/,
    ],
    [
      "checks of data and of the audit trail",
      /(?:check-data|verify-chain|checkpoints|retention|compose-(?:unpack|backup|doctor))\.ts$/,
    ],
  ])("does not load %s", (_what, unwanted) => {
    expect(unwantedIn(loaded, unwanted)).toEqual([]);
  });

  test("loads few modules", () => {
    expect(loaded.size).toBeLessThan(modulesMax.server);
  });
});

describe("the writer's thread", () => {
  const loaded = loadedBy([writer]);

  test("loads what writes, and nothing that only reads", () => {
    expect([...loaded.keys()]).toContain("packages/core/src/store/sqlite/append.ts");
    expect(
      unwantedIn(loaded, /\/(?:reads|run-lists|run-search|event-list|state-list|audit-reads|check-data)\.ts$/),
    ).toEqual([]);
    expect(loaded.size).toBeLessThan(modulesMax.writer);
  });
});
