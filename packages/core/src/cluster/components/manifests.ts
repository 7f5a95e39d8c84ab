// Reads the manifests of a component: every object of every file, with the file and line of what is wrong with one.
import { LineCounter, parseAllDocuments } from "yaml";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { ClusterLimits } from "../limits.ts";
import { asRecord, keyOf, listAt, refOf, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import type { Files } from "../ports.ts";

type Limits = Pick<ClusterLimits, "manifestBytesMax" | "manifestObjectsMax" | "manifestFilesMax">;

const manifestFile = /\.(ya?ml|json)$/;

/** Every object, in the order of files and of what is in them. `paths` lead from `folder`. */
export async function readManifests(p: {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly files: Files;
  readonly limits: Limits;
}): Promise<Result<readonly KubeObject[]>> {
  const found = await filesOf(p);
  if (!found.ok) return found;
  const objects: KubeObject[] = [];
  const seen = new Map<string, string>();
  let bytes = 0;
  for (const { path, text } of found.value) {
    bytes += text.length;
    if (bytes > p.limits.manifestBytesMax)
      return tooMuch(`${bytes} bytes`, "manifestBytesMax", p.limits.manifestBytesMax);
    const parsed = parseManifests(path, text);
    if (!parsed.ok) return parsed;
    for (const object of parsed.value) {
      const key = keyOf(refOf(object));
      const before = seen.get(key);
      if (before !== undefined) return refused(path, `${key} is in ${before} already`);
      seen.set(key, path);
      objects.push(object);
    }
    if (objects.length > p.limits.manifestObjectsMax) {
      return tooMuch(`${objects.length} objects`, "manifestObjectsMax", p.limits.manifestObjectsMax);
    }
  }
  return ok(objects);
}

interface FoundFile {
  readonly path: string;
  readonly text: string;
}

async function filesOf(p: Parameters<typeof readManifests>[0]): Promise<Result<readonly FoundFile[]>> {
  const found: FoundFile[] = [];
  const waiting = p.paths.map((path) => ({ path, named: true })).toReversed();
  while (waiting.length > 0) {
    const { path, named } = waiting.pop() ?? { path: "", named: false };
    if (path.startsWith("/") || path.split("/").includes(".."))
      return refused(path, "it leads out of the folder of the component");
    const full = p.folder === "" ? path : `${p.folder}/${path}`;
    const names = await p.files.list(full.replace(/\/$/, ""));
    if (names !== undefined) {
      for (const name of names.toReversed()) waiting.push({ path: `${path.replace(/\/$/, "")}/${name}`, named: false });
      continue;
    }
    if (!named && !manifestFile.test(path)) continue;
    const text = await p.files.read(full);
    if (text === undefined) return refused(path, "there is no such file or folder");
    found.push({ path, text });
    const { manifestFilesMax } = p.limits;
    if (found.length > manifestFilesMax) return tooMuch(`${found.length} files`, "manifestFilesMax", manifestFilesMax);
  }
  return ok(found);
}

/** The objects of one file; lists are taken apart, empty documents left out. */
export function parseManifests(path: string, text: string): Result<readonly KubeObject[]> {
  const counter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: counter });
  const objects: KubeObject[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const [problem] = document.errors;
    if (problem !== undefined) {
      return refused(
        `${path}:${counter.linePos(problem.pos[0]).line}`,
        problem.message.split("\n")[0] ?? "it is not YAML",
      );
    }
    const line = counter.linePos(document.contents?.range?.[0] ?? document.range[0]).line;
    const value = document.toJS({ maxAliasCount: 100 }) as unknown;
    if (value === null || value === undefined) continue;
    const isList = (textAt(value, "kind") ?? "").endsWith("List") && asRecord(value)?.["items"] !== undefined;
    for (const item of isList ? listAt(value, "items") : [value]) {
      const wrong = problemOf(item);
      if (wrong !== undefined) return refused(`${path}:${line}`, wrong);
      objects.push(item as KubeObject);
    }
  }
  return ok(objects);
}

function problemOf(item: unknown): string | undefined {
  if (asRecord(item) === undefined) return "it is no object";
  for (const field of ["apiVersion", "kind"]) {
    if ((textAt(item, field) ?? "") === "") return `it has no ${field}`;
  }
  const name = textAt(item, "metadata", "name") ?? "";
  if (name === "") return `${textAt(item, "kind")} has no metadata.name`;
  for (const field of ["uid", "resourceVersion", "managedFields"]) {
    if (asRecord(asRecord(item)?.["metadata"])?.[field] !== undefined)
      return `metadata.${field} is the cluster's to set`;
  }
  return undefined;
}

function refused(where: string, why: string): ReturnType<typeof fail> {
  return fail({
    code: "invalid_manifest",
    message: `${where}: ${why}.`,
    hint: "A manifest is YAML or JSON with apiVersion, kind and metadata.name.",
    details: { where },
  });
}

export function tooMuch(found: string, limit: string, max: number): ReturnType<typeof fail> {
  return fail({
    code: "payload_too_large",
    message: `The component has ${found}; at most ${max} are taken (${limit}).`,
    hint: "Divide it into several components.",
  });
}
