// Vite, as the project has it installed, and Rolldown with it. A build without a configuration of the project is a build of scripts:
// no page, no public folder.
import { isAbsolute } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type * as Vite from "vite";
import type { InlineConfig, PluginOption, Rolldown } from "vite";
import type { BundleErrorCode, BundleMessage } from "./bundle.ts";
import { importFrom, versionOf } from "./project-module.ts";
import { joined, separated, withoutFolder } from "./tool.ts";
import type { Tool, ToolOrder, ToolRun } from "./tool.ts";

export const vite: Tool = {
  name: "vite",
  version: (root) => versionOf(root, "vite"),
  run: async (order) => {
    const { build } = await importFrom<typeof Vite>(order.root, "vite");
    const runs: ToolRun[] = [];
    // One after the other: they have process-wide state, such as NODE_ENV.
    for (const one of separated(order)) runs.push(await runOne(one, build));
    return joined(runs);
  },
};

async function runOne(order: ToolOrder, build: typeof Vite.build): Promise<ToolRun> {
  const warnings: BundleMessage[] = [];
  const errors: BundleMessage<BundleErrorCode>[] = [];
  const heard = (log: Said): void => {
    // An import that leads nowhere would stay one, with no word but this.
    if (codeOf(log) === "not_found") errors.push(messageOf(log, "not_found"));
    else warnings.push(messageOf(log, log.code ?? "warning"));
  };
  const inputs = new Set<string>();
  const reads: PluginOption = {
    name: "sluice:reads",
    buildEnd(this: Rolldown.PluginContext) {
      for (const id of this.getModuleIds()) if (isAbsolute(id)) inputs.add(id.replace(/\?.*$/, ""));
    },
  };
  try {
    await build(optionsOf(order, reads, heard));
    return { inputs: [...inputs], errors, warnings };
  } catch (error) {
    const thrown = saidBy(error);
    if (thrown === undefined) throw error;
    return {
      inputs: [...inputs],
      errors: [...errors, ...thrown.map((each) => messageOf(each, codeOf(each)))],
      warnings,
    };
  }
}

function optionsOf(order: ToolOrder, reads: PluginOption, warn: (log: Said) => void): InlineConfig {
  const { naming, sourcemap, target } = order;
  const pattern = (name: string): string => `${withoutFolder(name)}.js`;
  return {
    root: order.root,
    configFile: order.configFile ?? false,
    logLevel: "silent",
    publicDir: false,
    // Without a configuration of the project nothing is looked for that would be one.
    ...(order.configFile === undefined ? { envDir: false as const, css: { postcss: {} } } : {}),
    define: { ...order.define },
    plugins: [...(order.plugins as PluginOption[]), reads],
    // What a server needs is bundled with it, as the other bundlers do.
    ...(target === "browser" ? {} : { ssr: { noExternal: true, target: "node" as const } }),
    build: {
      outDir: order.staging,
      emptyOutDir: false,
      write: true,
      ssr: target !== "browser",
      target: "esnext",
      minify: order.minify,
      sourcemap:
        sourcemap === "none" ? false : sourcemap === "linked" ? true : sourcemap === "external" ? "hidden" : "inline",
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: Object.fromEntries(order.entries),
        external: [...order.external],
        onLog: (level, log) => {
          if (level === "warn") warn(log);
        },
        output: {
          format: order.format,
          entryFileNames: pattern(naming.entry),
          chunkFileNames: pattern(naming.chunk),
          assetFileNames: `${naming.asset}[extname]`,
          codeSplitting: order.splitting,
        },
      },
    },
  };
}

/** A log of Rolldown's: its own, or one of the errors it was thrown with. */
interface Said {
  readonly code?: string | undefined;
  readonly message: string;
  readonly id?: string | undefined;
  readonly loc?: { readonly file?: string | undefined; readonly line: number; readonly column: number } | undefined;
}

/** What it threw because of the sources; undefined where it threw for another reason. */
function saidBy(error: unknown): readonly Said[] | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("errors" in error && Array.isArray(error.errors)) return error.errors as Said[];
  return "code" in error && typeof error.code === "string" && /^[A-Z_]+$/.test(error.code)
    ? [error as Said]
    : undefined;
}

function codeOf({ code }: Said): BundleErrorCode {
  if (code === "UNRESOLVED_IMPORT" || code === "UNRESOLVED_ENTRY") return "not_found";
  return code === "PARSE_ERROR" ? "syntax_error" : "bundle_failed";
}

function messageOf<Code extends string>({ message, loc, id }: Said, code: Code): BundleMessage<Code> {
  const text = stripVTControlCharacters(message).replace(/^\[[A-Z_]+\] /, "");
  // What follows the first line is a drawing of the place.
  const [sentence = text] = text.split("\n");
  // Its columns count from 0.
  const column = loc === undefined ? null : loc.column + 1;
  return { code, message: sentence, file: loc?.file ?? id ?? null, line: loc?.line ?? null, column };
}
