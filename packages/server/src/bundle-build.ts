// Bundles a project's workflows into one module: everything in it but Bun's and Node's own modules, the SDK, which comes
// with the installation, and packages with native code, which are found from the project when the bundle is loaded.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import type { BuildResult, BuildRequest, SourceProblem } from "./bundle-messages.ts";
import { isNative } from "./bundle-native.ts";
import { workflowFiles } from "./project.ts";

const entryName = "sluice:entry";
const fileScheme = "sluice-file:";

/** What a build found out besides its result: where to look for changes. */
export interface Build {
  readonly result: BuildResult;
  /** Every file that went in, absolute; empty when the build failed. */
  readonly inputs: readonly string[];
}

/** Builds the project. What is wrong with the user's files is in the result; it rejects for what is wrong here. */
export async function buildProject({ project, modules, folder }: Omit<BuildRequest, "type">): Promise<Build> {
  const startedAt = performance.now();
  const workflows = workflowFiles(project);
  const built = await Bun.build({
    entrypoints: [entryName],
    root: project,
    target: "bun",
    format: "esm",
    sourcemap: "inline",
    throw: false,
    plugins: [projectPlugin({ project, workflows, installed: [...Object.keys(modules), "@sluice/sdk"] })],
  });
  if (!built.success) return { result: { ok: false, problems: problemsOf(built.logs, project) }, inputs: [] };
  const [bundle, ...others] = built.outputs;
  if (bundle === undefined || others.length > 0) {
    const names = others.map((other) => other.path).join(", ");
    const message = `The project imports files that are no code (${names}): read them at run time instead.`;
    return { result: { ok: false, problems: [{ message }] }, inputs: [] };
  }
  const text = await bundle.text();
  const version = new Bun.CryptoHasher("sha256").update(text).digest("hex");
  const file = join(folder, `${version}.js`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, text, { mode: 0o600 });
  renameSync(part, file);
  const elapsedMs = performance.now() - startedAt;
  return { result: { ok: true, version, file, workflows, elapsedMs }, inputs: inputsOf(text) };
}

function projectPlugin(p: {
  readonly project: string;
  readonly workflows: readonly string[];
  readonly installed: readonly string[];
}): Bun.BunPlugin {
  const imports = p.workflows.map((file, index) => `import * as m${index} from ${JSON.stringify(fileScheme + file)};`);
  const list = p.workflows.map((file, index) => `[${JSON.stringify(file)}, m${index}]`);
  const contents = `${imports.join("\n")}\nexport const modules = [${list.join(", ")}];\n`;
  return {
    name: "sluice",
    setup(build) {
      build.onResolve({ filter: /^sluice:entry$/ }, () => ({ path: "entry", namespace: "sluice" }));
      build.onLoad({ filter: /^entry$/, namespace: "sluice" }, () => ({ contents, loader: "js" }));
      // Resolved here, so that no path of this machine is in the bundle and its hash is the same elsewhere.
      build.onResolve({ filter: /^sluice-file:/ }, ({ path }) => ({
        path: join(p.project, path.slice(fileScheme.length)),
      }));
      build.onResolve({ filter: /^(?:sluice|@sluice\/sdk)(?:\/.*)?$/ }, ({ path }) =>
        p.installed.includes(path) ? { path, external: true } : undefined,
      );
      build.onResolve({ filter: /^(?:@[\w.-]+\/)?[a-z][\w.-]*(?:\/.*)?$/i }, ({ path, importer }) =>
        isNative(path, importer, p.project) ? { path, external: true } : undefined,
      );
    },
  };
}

function problemsOf(logs: readonly (BuildMessage | ResolveMessage)[], project: string): readonly SourceProblem[] {
  const problems = logs
    .filter((log) => log.level === "error")
    .map((log): SourceProblem => {
      const { message, position } = log;
      if (position === null || position.file === "") return { message };
      const inside = isAbsolute(position.file) ? relative(project, position.file) : position.file;
      return {
        message,
        file: inside.startsWith("..") ? position.file : inside,
        line: position.line,
        column: position.column,
      };
    });
  return problems.length > 0 ? problems : [{ message: "The project cannot be bundled." }];
}

/** The sources that the inline map names, relative to this process's folder, which is the project. */
function inputsOf(bundle: string): readonly string[] {
  const encoded = /\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)/.exec(
    bundle.slice(bundle.lastIndexOf("//# sourceMappingURL=")),
  );
  if (encoded?.[1] === undefined) return [];
  const { sources } = JSON.parse(Buffer.from(encoded[1], "base64").toString()) as {
    readonly sources: readonly string[];
  };
  return sources.filter((source) => !source.startsWith("sluice:")).map((source) => join(process.cwd(), source));
}
