// esbuild, as the project has it installed.
import { resolve } from "node:path";
import type * as Esbuild from "esbuild";
import type { BuildOptions, Message, Plugin } from "esbuild";
import type { BundleErrorCode, BundleMessage } from "./bundle.ts";
import { importFrom, versionOf } from "./project-module.ts";
import type { Tool, ToolOrder } from "./tool.ts";

export const esbuild: Tool = {
  name: "esbuild",
  version: (root) => versionOf(root, "esbuild"),
  run: async (order) => {
    const { build } = await importFrom<typeof Esbuild>(order.root, "esbuild");
    try {
      const { metafile, warnings } = await build({ ...optionsOf(order), metafile: true });
      const inputs = Object.keys(metafile.inputs).map((path) => resolve(order.root, path));
      return { inputs, errors: [], warnings: warnings.map((each) => messageOf(order.root, each, each.id)) };
    } catch (error) {
      if (!isFailure(error)) throw error;
      const errors = error.errors.map((each) => messageOf(order.root, each, codeOf(each)));
      return { inputs: [], errors, warnings: error.warnings.map((each) => messageOf(order.root, each, each.id)) };
    }
  },
};

function optionsOf(order: ToolOrder): BuildOptions {
  const { naming, sourcemap } = order;
  return {
    absWorkingDir: order.root,
    entryPoints: [...order.entries.values()],
    outbase: order.base,
    outdir: order.staging,
    bundle: true,
    write: true,
    logLevel: "silent",
    platform: order.target === "browser" ? "browser" : "node",
    format: order.format,
    splitting: order.splitting,
    minify: order.minify,
    sourcemap: sourcemap === "none" ? false : sourcemap,
    external: [...order.external],
    define: { ...order.define },
    entryNames: naming.entry,
    chunkNames: naming.chunk,
    assetNames: naming.asset,
    plugins: order.plugins as Plugin[],
  };
}

function isFailure(
  error: unknown,
): error is { readonly errors: readonly Message[]; readonly warnings: readonly Message[] } {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors) && "warnings" in error;
}

/** Its errors have no codes: what it says of an import that leads nowhere begins the same each time. */
function codeOf({ text, location }: Message): BundleErrorCode {
  if (/^Could not (?:resolve|read from file)/.test(text)) return "not_found";
  return location === null ? "bundle_failed" : "syntax_error";
}

function messageOf<Code extends string>(root: string, { text, location }: Message, code: Code): BundleMessage<Code> {
  if (location === null) return { code, message: text, file: null, line: null, column: null };
  // Its columns count from 0.
  return { code, message: text, file: resolve(root, location.file), line: location.line, column: location.column + 1 };
}
