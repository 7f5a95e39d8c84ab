// webpack, as the project has it installed. It knows JavaScript alone: what else a project has needs its loaders, in a configuration.
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import type webpackOf from "webpack";
import type { Compiler, Configuration, Stats, StatsError } from "webpack";
import type { BundleErrorCode, BundleMessage } from "./bundle.ts";
import { requireFrom, versionOf } from "./project-module.ts";
import { joined, separated, withoutFolder } from "./tool.ts";
import type { Tool, ToolOrder, ToolRun } from "./tool.ts";

type Webpack = typeof webpackOf;

export const webpack: Tool = {
  name: "webpack",
  version: (root) => versionOf(root, "webpack"),
  run: async (order) => {
    const compilerOf = requireFrom<Webpack>(order.root, "webpack");
    const beneath = order.configFile === undefined ? {} : await configurationIn(order.configFile);
    const runs: ToolRun[] = [];
    for (const one of separated(order)) runs.push(await runOne(one, compilerOf, beneath));
    return joined(runs);
  },
};

async function configurationIn(file: string): Promise<Configuration> {
  const { default: given } = (await import(pathToFileURL(file).href)) as { readonly default: unknown };
  const made: unknown = isFunction(given) ? await given({}, { mode: "production" }) : given;
  if (typeof made !== "object" || made === null || Array.isArray(made))
    throw new TypeError(`${file} has to export one configuration of webpack.`);
  return made;
}

function isFunction(value: unknown): value is (env: object, argv: object) => unknown {
  return typeof value === "function";
}

async function runOne(order: ToolOrder, compilerOf: Webpack, beneath: Configuration): Promise<ToolRun> {
  const compiler: Compiler = compilerOf(optionsOf(order, compilerOf, beneath));
  const stats = await new Promise<Stats>((resolve, reject) => {
    compiler.run((error, done) =>
      done === undefined ? reject(error ?? new Error("webpack says nothing")) : resolve(done),
    );
  });
  await new Promise<void>((resolve, reject) => compiler.close((error) => (error ? reject(error) : resolve())));
  const { errors = [], warnings = [] } = stats.toJson({ all: false, errors: true, warnings: true });
  return {
    inputs: [...stats.compilation.fileDependencies],
    errors: errors.map((each) => messageOf(order.root, each, codeOf(each))),
    warnings: warnings.map((each) => messageOf(order.root, each, "warning")),
  };
}

function optionsOf(order: ToolOrder, { DefinePlugin, optimize }: Webpack, beneath: Configuration): Configuration {
  const { naming, sourcemap, format } = order;
  const isModule = format === "esm";
  const name = (pattern: string): string => withoutFolder(pattern).replace("[hash]", "[contenthash]");
  const library = isModule ? { type: "module" } : format === "cjs" ? { type: "commonjs2" } : undefined;
  return {
    ...beneath,
    context: order.root,
    mode: "production",
    entry: Object.fromEntries(order.entries),
    target: order.target === "browser" ? "web" : "node",
    devtool: sourcemap === "none" ? false : devtools[sourcemap],
    externals: [...order.external],
    externalsType: isModule ? "module" : format === "cjs" ? "commonjs" : "var",
    experiments: { ...beneath.experiments, outputModule: isModule },
    optimization: {
      ...beneath.optimization,
      minimize: order.minify,
      ...(order.splitting ? { splitChunks: { chunks: "all" } } : {}),
    },
    performance: false,
    output: {
      ...beneath.output,
      path: order.staging,
      filename: `${name(naming.entry)}.js`,
      chunkFilename: `${name(naming.chunk)}.js`,
      assetModuleFilename: `${name(naming.asset)}[ext]`,
      module: isModule,
      ...(library === undefined ? {} : { library }),
    },
    plugins: [
      ...(beneath.plugins ?? []),
      ...(order.plugins as NonNullable<Configuration["plugins"]>),
      new DefinePlugin({ ...order.define }),
      ...(order.splitting ? [] : [new optimize.LimitChunkCountPlugin({ maxChunks: 1 })]),
    ],
    stats: "none",
    infrastructureLogging: { level: "none" },
  };
}

const devtools = { linked: "source-map", inline: "inline-source-map", external: "hidden-source-map" } as const;

function codeOf({ message, moduleName }: StatsError): BundleErrorCode {
  if (/(?:Module not found|Can't resolve)/.test(message)) return "not_found";
  return message.startsWith("Module parse failed") && moduleName !== undefined ? "syntax_error" : "bundle_failed";
}

/** Its places are `line:column-column` with columns from 0; of a parse error the text has it alone, `(line:column)`. */
function messageOf<Code extends string>(root: string, error: StatsError, code: Code): BundleMessage<Code> {
  const { message, moduleName, loc = "" } = error;
  const place = /^(\d+):(\d+)/.exec(loc) ?? /\((\d+):(\d+)\)/.exec(message);
  const file = moduleName === undefined ? null : (moduleName.split("!").at(-1) ?? "").replace(/\?.*$/, "");
  return {
    code,
    // What follows the first line repeats the place, or the way there.
    message: message.split("\n", 1)[0] ?? message,
    file: file === null || isAbsolute(file) ? file : join(root, file),
    line: place === null ? null : Number(place[1]),
    column: place === null ? null : Number(place[2]) + 1,
  };
}
