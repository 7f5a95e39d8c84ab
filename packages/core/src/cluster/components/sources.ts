// Where a component's manifests come from: files, a kustomization, a chart, or a Git repository that has any of these. Kustomize, Helm and
// Git are programs of the machine: what they make is taken, what they cannot do is said in their own words.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { ClusterLimits } from "../limits.ts";
import type { KubeObject } from "../objects.ts";
import type { Checkouts, PlacedFiles, ProcessRunner } from "../ports.ts";
import type { ComponentSpec } from "./component-file.ts";
import { parseManifests, readManifests, tooMuch } from "./manifests.ts";

export interface SourcesOptions {
  readonly files: PlacedFiles;
  readonly processes: ProcessRunner;
  readonly checkouts: Checkouts;
  readonly limits: ClusterLimits;
}

/** What a source came from, besides the project: a commit. */
export interface Rendered {
  readonly objects: readonly KubeObject[];
  readonly revision: string | undefined;
}

/** A program that is not there; nothing else here is `unavailable`. */
const missingTool = "unavailable";
/** Characters of what a program said. */
const saidCharsMax = 2_000;

type Source = Pick<ComponentSpec, "name" | "namespace" | "manifests" | "kustomize" | "helm" | "git">;

/** Every object of the component. `folder` is that of its file, from the project's. */
export async function readSource(spec: Source, folder: string, options: SourcesOptions): Promise<Result<Rendered>> {
  if (spec.git === undefined) {
    const read = await render(spec, { ...options, folder });
    return read.ok ? ok({ objects: read.value, revision: undefined }) : read;
  }
  const { url, ref, path } = spec.git;
  const checkout = await options.checkouts.open({ url, ref, timeoutMs: options.limits.sourceTimeoutMs });
  if (!checkout.ok) return checkout;
  const { files, commit } = checkout.value;
  try {
    const read = await render(spec, { ...options, files, folder: path });
    return read.ok ? ok({ objects: read.value, revision: commit }) : read;
  } finally {
    await checkout.value.close();
  }
}

interface Rendering extends SourcesOptions {
  readonly folder: string;
}

async function render(spec: Source, rendering: Rendering): Promise<Result<readonly KubeObject[]>> {
  const { folder, files, limits } = rendering;
  if (spec.kustomize !== undefined) return kustomize(spec.kustomize, rendering);
  if (spec.helm !== undefined) return helm({ name: spec.name, namespace: spec.namespace, ...spec.helm }, rendering);
  return readManifests({ folder, paths: spec.manifests ?? [], files, limits });
}

async function kustomize(path: string, rendering: Rendering): Promise<Result<readonly KubeObject[]>> {
  const at = await placeOf(path, rendering);
  if (!at.ok) return at;
  const own = await made(["kustomize", "build", at.value], rendering);
  if (own.ok || own.error.code !== missingTool) return own;
  const other = await made(["kubectl", "kustomize", at.value], rendering);
  if (other.ok || other.error.code !== missingTool) return other;
  return fail({ ...other.error, message: "Neither kustomize nor kubectl is installed where the server runs." });
}

async function helm(
  {
    name,
    namespace,
    chart,
    values,
    version,
  }: {
    readonly name: string;
    readonly namespace: string;
    readonly chart: string;
    readonly values: readonly string[];
    readonly version?: string | undefined;
  },
  rendering: Rendering,
): Promise<Result<readonly KubeObject[]>> {
  const isRemote = /^(oci|https):\/\//.test(chart);
  const at = isRemote ? ok(chart) : await placeOf(chart, rendering);
  if (!at.ok) return at;
  const files: string[] = [];
  for (const each of values) {
    const found = await placeOf(each, rendering);
    if (!found.ok) return found;
    files.push("--values", found.value);
  }
  const pinned = version === undefined ? [] : ["--version", version];
  return made(
    ["helm", "template", name, at.value, "--namespace", namespace, "--include-crds", ...files, ...pinned],
    rendering,
  );
}

/** Where on the machine it is; refused where it leads out of the project or the repository. */
async function placeOf(path: string, { folder, files }: Rendering): Promise<Result<string>> {
  const found = await files.place(folder === "" ? path : `${folder}/${path}`);
  if (found !== undefined) return ok(found);
  return fail({
    code: "invalid_component",
    message: `There is no ${path}${folder === "" ? "" : ` in ${folder}`}.`,
    hint: "Paths begin in the folder of the component's file, and do not lead out of the project.",
  });
}

async function made(
  [command = "", ...args]: readonly string[],
  { processes, limits }: Rendering,
): Promise<Result<readonly KubeObject[]>> {
  let done;
  try {
    done = await processes.run({ command, args, env: {}, timeoutMs: limits.sourceTimeoutMs });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail({
      code: missingTool,
      message: `${command} cannot be started where the server runs: ${why}`,
      hint: `Install ${command} there, or render the manifests yourself.`,
    });
  }
  const { exitCode, stdout, stderr } = done;
  if (exitCode !== 0)
    return fail({
      code: "invalid_component",
      message: `${command} ${args[0] ?? ""} ended with ${exitCode}: ${stderr.trim().slice(-saidCharsMax)}`,
      hint: "Run it yourself to see all that it says.",
    });
  if (stdout.length > limits.manifestBytesMax)
    return tooMuch(`${stdout.length} bytes`, "manifestBytesMax", limits.manifestBytesMax);
  const parsed = parseManifests(`output of ${command}`, stdout);
  if (!parsed.ok) return parsed;
  const { length } = parsed.value;
  return length > limits.manifestObjectsMax
    ? tooMuch(`${length} objects`, "manifestObjectsMax", limits.manifestObjectsMax)
    : parsed;
}
