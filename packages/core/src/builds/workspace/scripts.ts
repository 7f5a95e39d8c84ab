// What holds where nothing says how tasks are done: the names of scripts do.
import { plainTask, rootName } from "./package.ts";
import type { Package, TaskRules } from "./package.ts";

/** Where builders put what they make. */
const built = [
  "dist/**",
  "build/**",
  "lib/**",
  "out/**",
  "es/**",
  "esm/**",
  "cjs/**",
  ".next/**",
  "!.next/cache/**",
  ".output/**",
  ".svelte-kit/**",
  "storybook-static/**",
  "*.tsbuildinfo",
];

const builds = /^(?:build|compile|bundle|codegen|generate|prepare-build|transpile)(?::.*)?$/;
const checks = /^(?:test|lint|check|typecheck|type-check|check-types|types|format:check|unit|e2e)(?::.*)?$/;
const servers = /^(?:dev|start|serve|watch|preview|storybook)(?::.*)?$/;

/** Rules by names: what builds waits for what it depends on, what checks too; what is neither is never taken from a cache. */
export function scriptRules(packages: ReadonlyMap<string, Package>): TaskRules {
  const names = new Set([...packages.values()].flatMap((pkg) => Object.keys(pkg.scripts)));
  return {
    source: "scripts",
    global: { files: [], env: [], passThroughEnv: [], envMode: "strict" },
    names,
    definitionOf(pkg, task) {
      if (pkg.name === rootName && packages.size > 1) return undefined;
      if (builds.test(task))
        return {
          ...plainTask,
          dependsOn: ["^build", ...(task === "build" ? [] : [`^${task}`])],
          outputs: built,
          cache: true,
        };
      if (checks.test(task)) return { ...plainTask, dependsOn: ["^build"], cache: true };
      if (servers.test(task)) return { ...plainTask, dependsOn: ["^build"], cache: false, persistent: true };
      return names.has(task) ? { ...plainTask, cache: false } : undefined;
    },
  };
}
