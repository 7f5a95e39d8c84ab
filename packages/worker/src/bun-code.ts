// Loads the bundled code of a project: as a module that seems to lie in the project's folder, so that stack traces name
// the user's files and packages that are not bundled are found, with the SDK of this installation behind its name.
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import * as sdk from "@sluice/sdk";
import type { Task, Workflow } from "@sluice/sdk";
import type { ChildSetup } from "./child-setup.ts";

/** What a project's code has for a worker. */
export interface LoadedCode {
  readonly workflows: readonly Workflow[];
  readonly tasks: readonly Task[];
}

/** The one export of the bundled entry: the modules of the project by their path. */
interface BundledCode {
  readonly modules: readonly (readonly [file: string, exports: Readonly<Record<string, unknown>>])[];
}

const scheme = "sluice-code";

/** What the bundle exports. Throws what the code throws, or `duplicate_workflow` naming both files. */
export async function loadCode(setup: Pick<ChildSetup, "code" | "project" | "modules">): Promise<LoadedCode> {
  const path = join(setup.project, "sluice-code.js");
  Bun.plugin({
    name: "sluice",
    setup(build) {
      build.module("@sluice/sdk", () => ({ exports: { ...sdk }, loader: "object" }));
      for (const [name, url] of Object.entries(setup.modules)) {
        build.module(name, async () => ({ exports: { ...((await import(url)) as object) }, loader: "object" }));
      }
      build.onResolve({ filter: /.*/, namespace: scheme }, () => ({ path }));
      build.onLoad({ filter: exactly(path) }, async () => ({
        contents: await Bun.file(setup.code).text(),
        loader: "js",
      }));
    },
  });
  const code = (await import(`${scheme}:project`)) as BundledCode;
  return {
    workflows: exportsOf(code, "workflow", sdk.isWorkflow),
    tasks: exportsOf(code, "task", sdk.isTask),
  };
}

function exactly(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`);
}

/** Everything of one kind, each name once. */
function exportsOf<T extends { readonly name: string }>(
  code: BundledCode,
  kind: "workflow" | "task",
  is: (value: unknown) => value is T,
): T[] {
  const found = new Map<string, { readonly made: T; readonly file: string }>();
  for (const [file, exports] of code.modules) {
    for (const value of Object.values(exports)) {
      if (!is(value)) continue;
      const known = found.get(value.name);
      if (known !== undefined && known.made !== value) {
        throw new SluiceError({
          code: "duplicate_workflow",
          message: `Two ${kind}s are named ${value.name}: one in ${known.file}, one in ${file}.`,
          hint: `Rename one of them: a ${kind === "task" ? "task is called" : "run is started"} by the name.`,
        });
      }
      if (known === undefined) found.set(value.name, { made: value, file });
    }
  }
  return [...found.values()].map((each) => each.made);
}
