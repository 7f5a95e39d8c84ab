// One small workspace, and its lockfiles as the real package managers have written them: `app` reaches six packages, `lib` three others.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Package } from "../../workspace/package.ts";
import { packageOf } from "../../graph/fixture.suite.ts";
import { ExternalDependencies } from "../lockfile.ts";

/** `protocol`: how a package of the workspace is asked for. */
export function manifestsOf(protocol: "*" | "workspace:*"): Readonly<Record<"app" | "lib", object>> {
  return {
    app: {
      name: "@shop/app",
      version: "1.0.0",
      dependencies: { "@shop/lib": protocol, "is-odd": "^3.0.1", react: "18.2.0" },
      devDependencies: { "use-sync-external-store": "1.2.0" },
    },
    lib: {
      name: "@shop/lib",
      version: "1.0.0",
      dependencies: { "my-ms": "npm:ms@2.1.2", "@sindresorhus/is": "^4.0.0", "is-number": "^7.0.0" },
    },
  };
}

/** Names of all that each of the two reaches. */
export const reachable = {
  app: [
    "is-number@6.0.0",
    "is-odd@3.0.1",
    "js-tokens@4.0.0",
    "loose-envify@1.4.0",
    "react@18.2.0",
    "use-sync-external-store@1.2.0",
  ],
  lib: ["@sindresorhus/is@4.6.0", "is-number@7.0.0", "ms@2.1.2"],
} as const;

/** File of the fixture, and as which it would lie in a workspace. */
export const written: readonly (readonly [fixture: string, file: string, protocol: "*" | "workspace:*"])[] = [
  ["npm", "package-lock.json", "*"],
  ["pnpm-6", "pnpm-lock.yaml", "workspace:*"],
  ["pnpm-7", "pnpm-lock.yaml", "workspace:*"],
  ["pnpm-8", "pnpm-lock.yaml", "workspace:*"],
  ["pnpm-9", "pnpm-lock.yaml", "workspace:*"],
  ["yarn-1", "yarn.lock", "*"],
  ["yarn-3", "yarn.lock", "workspace:*"],
  ["yarn-4", "yarn.lock", "workspace:*"],
  ["bun", "bun.lock", "workspace:*"],
];

export function fixtureText(fixture: string): string {
  return readFileSync(join(import.meta.dir, `${fixture}.lock.txt`), "utf8");
}

export function packagesOf(protocol: "*" | "workspace:*"): Readonly<Record<"app" | "lib", Package>> {
  const manifests = manifestsOf(protocol) as Readonly<
    Record<"app" | "lib", Readonly<Record<"dependencies" | "devDependencies", Readonly<Record<string, string>>>>>
  >;
  const of = (name: "app" | "lib"): Package => ({
    ...packageOf(`@shop/${name}`),
    dependencies: { ...manifests[name].dependencies, ...manifests[name].devDependencies },
  });
  return { app: of("app"), lib: of("lib") };
}

/** How many digests of packages in the file decide about `app`, about `lib` and about both, each of them changed alone. */
export function decisive(
  file: string,
  text: string,
  protocol: "*" | "workspace:*",
): { readonly isPruned: boolean; readonly app: number; readonly lib: number; readonly both: number } {
  const packages = packagesOf(protocol);
  const digests = (content: string): readonly [string, string] => {
    const external = new ExternalDependencies({ file, text: content });
    return [external.digestFor(packages.app), external.digestFor(packages.lib)];
  };
  const before = digests(text);
  const counted = { app: 0, lib: 0, both: 0 };
  for (const [hash] of text.matchAll(
    /(?<=sha512-)[\w+/]{60,}|(?<=checksum: \w+\/)[0-9a-f]{60,}|(?<=checksum: )[0-9a-f]{100,}/g,
  )) {
    const [app, lib] = digests(text.replace(hash, `${hash.startsWith("0") ? "1" : "0"}${hash.slice(1)}`));
    const [isApp, isLib] = [app !== before[0], lib !== before[1]];
    if (isApp && isLib) counted.both++;
    else if (isApp) counted.app++;
    else if (isLib) counted.lib++;
  }
  return { isPruned: new ExternalDependencies({ file, text }).isPruned, ...counted };
}
