// What the packages export, followed from their entries to where it is declared: every function, class and method of it has a
// docstring that says what it does.

import { posix } from "node:path";
import type { SourceFile } from "./source.ts";

/** The entries of each package. */
const ENTRY = /^packages\/[\w-]+\/src\/(?:index|testing)\.ts$/;
/** The packages that are published: of their classes and interfaces users call the methods, which are looked at too. */
const PUBLISHED = /^packages\/(?:sdk|cli)\//;
const EXPORTS = /\bexport\s+(?:type\s+)?\{([^}]*)\}\s*from\s*["']([^"']+)["']/g;
const DECLARED = (name: string): RegExp =>
  new RegExp(
    String.raw`^export (?:declare )?(?:abstract )?(async function|function|class|interface|const) ${name}\b`,
    "m",
  );
/** A method at the first level of a class or an interface, as the formatter writes it. */
const METHOD = /^ {2}(?:async )?(\w+)(?:<.*>)?\(/;
/** The same in an object that an interface has. */
const INNER_METHOD = /^ {4}(\w+)(?:<.*>)?\(/;

interface Exported {
  file: SourceFile;
  name: string;
}

function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return posix.normalize(posix.join(posix.dirname(from), specifier));
  const [, own] = /^@sluice\/([\w-]+)$/.exec(specifier) ?? [];
  return own === undefined ? undefined : `packages/${own}/src/index.ts`;
}

/** Where `name`, exported by the file at `path`, is declared. */
function declarationOf(files: Map<string, SourceFile>, path: string, name: string): Exported | undefined {
  const file = files.get(path);
  if (file === undefined) return undefined;
  for (const [, list = "", specifier = ""] of file.text.matchAll(EXPORTS)) {
    for (const part of list.split(",")) {
      const [inner = "", outer = inner] = part
        .trim()
        .replace(/^type /, "")
        .split(/\s+as\s+/);
      const target = resolve(path, specifier);
      if (outer === name && target !== undefined) return declarationOf(files, target, inner);
    }
  }
  return { file, name };
}

function isDocumented(lines: readonly string[], at: number): boolean {
  return (lines[at - 1] ?? "").trimEnd().endsWith("*/");
}

/** What of an exported name has no docstring: itself, where it is a function or a class, or its methods. */
function silentParts({ file, name }: Exported): string[] {
  const found = DECLARED(name).exec(file.text);
  if (found === null) return [];
  const lines = file.text.split("\n");
  const at = file.text.slice(0, found.index).split("\n").length - 1;
  const [, kind] = found;
  const isFunction = kind?.endsWith("function") === true || (kind === "const" && /=>|= function/.test(lines[at] ?? ""));
  const silent = (isFunction || kind === "class") && !isDocumented(lines, at) ? [name] : [];
  if ((kind !== "class" && kind !== "interface") || !PUBLISHED.test(file.path)) return silent;
  let before = "";
  for (let line = at + 1; line < lines.length && lines[line] !== "}"; line++) {
    const text = lines[line] ?? "";
    const [, method] = METHOD.exec(text) ?? (kind === "interface" ? INNER_METHOD.exec(text) : null) ?? [];
    if (method === undefined) continue;
    // Overloads share the docstring of the first; a constructor is described by its class.
    if (method !== before && method !== "constructor" && !isDocumented(lines, line)) silent.push(`${name}.${method}`);
    before = method;
  }
  return silent;
}

/** Every public function, class and method without a docstring, as `path: name`. */
export function undocumented(files: SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const found = new Set<string>();
  for (const entry of files.filter(({ path }) => ENTRY.test(path))) {
    const names = Array.from(entry.text.matchAll(EXPORTS), ([, list = ""]) =>
      list.split(",").map(
        (part) =>
          part
            .trim()
            .replace(/^type /, "")
            .split(/\s+as\s+/)
            .at(-1) ?? "",
      ),
    ).flat();
    const own = Array.from(
      entry.text.matchAll(/^export (?:async )?(?:function|class|interface|const) (\w+)/gm),
      ([, name = ""]) => name,
    );
    for (const name of [...names, ...own].filter((each) => each !== "")) {
      const declared = declarationOf(byPath, entry.path, name);
      if (declared === undefined) continue;
      for (const part of silentParts(declared)) found.add(`${declared.file.path}: ${part} has no docstring`);
    }
  }
  return [...found].toSorted();
}
