// Bun's own bundler, of the Bun that runs this. Within one process it reads tsconfig.json and package.json only once: a bundle after one
// of them has changed is made in a process of its own.
import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { BunPlugin } from "bun";
import type { BundleErrorCode, BundleMessage } from "./bundle.ts";
import type { Tool, ToolOrder, ToolRun } from "./tool.ts";

/** What is left of a build when it has gone from one process to another. */
interface Built {
  readonly success: boolean;
  readonly logs: readonly Log[];
  /** Relative to the folder of the process. */
  readonly inputs: readonly string[];
}
type Log = Pick<BuildMessage, "level" | "message" | "position"> & { readonly name: string };
type Options = Bun.BuildConfig & { readonly metafile: true };

/** What the other process runs: options come as JSON on its input, and the build goes out the same way. */
const program = `const options = await Bun.stdin.json();
const { success, logs, metafile } = await Bun.build(options);
const plain = ({ name, level, message, position }) => ({ name, level, message, position });
process.stdout.write(JSON.stringify({ success, logs: logs.map(plain), inputs: Object.keys(metafile?.inputs ?? {}) }));`;

export class BunTool implements Tool {
  readonly name = "bun";
  /** Files that Bun has read once and for all, as they were then. */
  readonly #read = new Map<string, string>();

  version(): string | undefined {
    return globalThis.Bun?.version;
  }

  async run(order: ToolOrder): Promise<ToolRun> {
    const options = optionsOf(order);
    // Plugins cannot go to another process.
    const isApart = order.plugins.length === 0 && this.#hasChanged();
    const { success, logs, inputs } = isApart ? await buildApart(options) : await buildHere(options);
    // Its paths are relative to the folder of the process.
    const files = inputs.map((path) => resolve(path));
    if (!isApart) this.#note(order.root, files);
    const errors = logs.filter(({ level }) => level === "error");
    const warnings = logs.filter(({ level }) => level === "warning");
    return {
      inputs: files,
      errors: success ? [] : errors.length === 0 ? [unsaid] : errors.map((each) => messageOf(each, codeOf(each))),
      warnings: warnings.map((each) => messageOf(each, each.name)),
    };
  }

  #hasChanged(): boolean {
    for (const [file, before] of this.#read) if (textOf(file) !== before) return true;
    return false;
  }

  #note(root: string, inputs: readonly string[]): void {
    const folders = new Set([root]);
    for (const input of inputs)
      for (let folder = dirname(input); !folders.has(folder) && folder !== dirname(folder); folder = dirname(folder))
        folders.add(folder);
    for (const folder of folders)
      for (const name of ["tsconfig.json", "package.json"]) {
        const file = join(folder, name);
        if (!this.#read.has(file)) this.#read.set(file, textOf(file));
      }
  }
}

const unsaid = {
  code: "bundle_failed",
  message: "Bun does not say why.",
  file: null,
  line: null,
  column: null,
} as const;

async function buildHere(options: Options): Promise<Built> {
  const { success, logs, metafile } = await Bun.build(options);
  return { success, logs, inputs: Object.keys(metafile?.inputs ?? {}) };
}

async function buildApart(options: Options): Promise<Built> {
  const child = Bun.spawn([process.execPath, "-e", program], {
    stdin: new Blob([JSON.stringify(options)]),
    stdout: "pipe",
    stderr: "pipe",
    // The Bun that runs this may be a program that was compiled with it.
    env: { ...process.env, BUN_BE_BUN: "1" },
  });
  const [out, said, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`The process of Bun's bundler ended with ${code}: ${said.trim()}`);
  return JSON.parse(out) as Built;
}

/** Empty for one that is not there. */
function textOf(file: string): string {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file, "utf8") : "";
}

function optionsOf(order: ToolOrder): Options {
  const { naming } = order;
  return {
    entrypoints: [...order.entries.values()],
    root: order.base,
    outdir: order.staging,
    target: order.target,
    format: order.format,
    splitting: order.splitting,
    minify: order.minify,
    sourcemap: order.sourcemap,
    external: [...order.external],
    define: { ...order.define },
    naming: {
      entry: `${naming.entry}.[ext]`,
      chunk: `${naming.chunk}.[ext]`,
      asset: `${naming.asset}.[ext]`,
    },
    ...(order.plugins.length === 0 ? {} : { plugins: order.plugins as BunPlugin[] }),
    throw: false,
    metafile: true,
  };
}

function codeOf({ name, message, position }: Log): BundleErrorCode {
  if (name === "ResolveMessage" || message.startsWith("ModuleNotFound ")) return "not_found";
  return position === null ? "bundle_failed" : "syntax_error";
}

function messageOf<Code extends string>({ message, position }: Log, code: Code): BundleMessage<Code> {
  if (position === null) return { code, message, file: null, line: null, column: null };
  return { code, message, file: position.file, line: position.line, column: position.column };
}
