// Finds out where this program runs, and loads that runtime's provider and no other.

import { RuntimeFailure } from "./failure.ts";
import type { RuntimeName, RuntimeProvider } from "./provider.ts";

interface Globals {
  readonly Bun?: { readonly version?: unknown };
  readonly Deno?: { readonly version?: unknown };
  readonly process?: { readonly versions?: { readonly node?: unknown } };
}

/**
 * The runtime that executes this program. Bun and Deno also answer to Node's names, so they are asked first. Throws
 * `RuntimeFailure` with `unsupported` in a browser and wherever else there is none of them.
 */
export function detectRuntime(globals: object = globalThis): RuntimeName {
  const { Bun, Deno, process } = globals as Globals;
  if (Bun?.version !== undefined) return "bun";
  if (Deno?.version !== undefined) return "deno";
  if (process?.versions?.node !== undefined) return "node";
  throw new RuntimeFailure("unsupported", "this is none of Bun, Node and Deno");
}

/** The provider of the runtime that executes this program. */
export async function loadRuntime(): Promise<RuntimeProvider> {
  const name = detectRuntime();
  if (name === "bun") return (await import("./bun/provider.ts")).bunProvider();
  if (name === "deno") return (await import("./deno/provider.ts")).denoProvider();
  return (await import("./node/provider.ts")).nodeProvider();
}
