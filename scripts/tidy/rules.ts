// The rules of style that no linter holds: sizes, openings, names of folders, words, tests beside the code.

import { basename } from "node:path";
import { bareCode, isCode, isConfig, isTest, type SourceFile } from "./source.ts";

const FILE_LINES_MAX = 400;
const KIND_FOLDERS = new Set(["utils", "types", "helpers", "interfaces"]);
// Spelled apart, so that this file does not contain what it looks for.
const WORDS = ["TO_DO", "FIX_ME", "X_XX", "HA_CK"].join("|").replaceAll("_", "");
const BANNED: RegExp[] = [new RegExp(`\\b(?:${WORDS})\\b`), /\.only\s*\(/, /\b(?:test|it|describe)\.todo\b/];
const MACHINE_PATH = /(?<![\w.-])\/(?:work|root)\//;
const REGISTRY_HOST = /\bregistry\.(?:npmjs|yarnpkg|npmmirror)\.|\bnpm\.pkg\.github\.|"resolved":\s*"http/;
const BINARY = /\.(png|jpe?g|gif|ico|woff2?|db|bin|gz|tgz|wasm)$/;

function lineCount(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

export function longFiles(files: SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = lineCount(text);
    const counted = isCode(path) || path.endsWith(".py");
    return counted && lines > FILE_LINES_MAX ? [`${path}: ${lines} lines, at most ${FILE_LINES_MAX}`] : [];
  });
}

/** Stands in for a package that is imported by its default too. */
const DROP_IN = "packages/cli/src/cronflow.ts";

export function looseExports(files: SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    if (!isCode(path)) return [];
    const code = bareCode(text);
    const star = /\bexport\s*(?:type\s*)?\*/.test(code) ? [`${path}: export * hides what is exported`] : [];
    const byDefault = /\bexport\s+default\b|\bas\s+default\b/.test(code) && !isConfig(path) && path !== DROP_IN;
    return byDefault ? [...star, `${path}: default export`] : star;
  });
}

/** Words that say that something is unfinished, and tests that switch others off. */
export function bannedWords(files: SourceFile[]): string[] {
  const looked = files.filter(({ path }) => isCode(path) || /\.(md|sql|sh|json)$/.test(path) || path === ".ci/run");
  return looked.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => {
      const found = BANNED.map((pattern) => pattern.exec(line)?.[0]).find((word) => word !== undefined);
      return found === undefined ? [] : [`${path}:${index + 1}: ${found}`];
    }),
  );
}

/** Source files that do not open with a comment saying why they exist. */
export function silentFiles(files: SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const source = (isCode(path) && !isTest(path)) || /\.(sql|sh)$/.test(path) || path === ".ci/run";
    const opening = text.replace(/^#!.*\n/, "").trimStart();
    return !source || /^(\/\/|\/\*|--|#)/.test(opening)
      ? []
      : [`${path}: opens without a comment that says why it exists`];
  });
}

export function foldersByKind(files: SourceFile[]): string[] {
  const folders = new Set(files.map(({ path }) => path.split("/").slice(0, -1).join("/")));
  const bad = [...folders].filter((folder) => folder.split("/").some((part) => KIND_FOLDERS.has(part)));
  return bad.map((folder) => `${folder}: name folders by domain, not by kind`);
}

export function machineTraces(files: SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    if (BINARY.test(path)) return [];
    const found = MACHINE_PATH.exec(text)?.[0] ?? REGISTRY_HOST.exec(text)?.[0];
    return found === undefined ? [] : [`${path}: names this machine or a registry ("${found}")`];
  });
}

function holdsOnlyTypes(text: string): boolean {
  return !/^\s*(?:export\s+)?(?:abstract\s+)?(?:async\s+)?(?:const|let|function|class)\b/m.test(bareCode(text));
}

/** Files of `core` with code and no test beside them; entries, ports and shared suites need none. */
export function untestedCoreFiles(files: SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  return files.flatMap(({ path, text }) => {
    if (!/^packages\/core\/src\/.+\.ts$/.test(path) || path.endsWith(".d.ts") || isTest(path)) return [];
    if (basename(path) === "index.ts" || holdsOnlyTypes(text)) return [];
    const stem = path.slice(0, -".ts".length);
    const tests = [".test.ts", ".slow.test.ts", ".node-test.ts"].map((suffix) => stem + suffix);
    return tests.some((test) => paths.has(test)) ? [] : [path];
  });
}

/** Error codes of the closed set that no program text answers with: nobody can ever meet them. */
export function unraisedCodes(files: SourceFile[]): string[] {
  const table = files.find(({ path }) => path === "packages/protocol/src/errors.ts");
  const codes = Array.from(table?.text.matchAll(/^ {2}(\w+): \d{3},$/gm) ?? [], (match) => match[1] ?? "");
  const texts = files.filter(
    ({ path }) =>
      isCode(path) &&
      !isTest(path) &&
      path.startsWith("packages/") &&
      !/^packages\/protocol\/src\/(?:errors|statuses)\.ts$/.test(path),
  );
  // The reason of a run's status may have the same name.
  return codes.filter((code) => !texts.some(({ text }) => new RegExp(`(?<![rR]eason: )"${code}"`).test(text)));
}

/** Folders whose code runs on any runtime, the deterministic parts and what users import. */
const NEUTRAL = /^packages\/(?:protocol|sdk)\/src\/|^packages\/core\/src\/(?:kernel|engine|testing)\//;

/** Neutral code that names Bun or imports a module of its. Its tests run on Bun and may. */
export function bunTraces(files: SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    if (!NEUTRAL.test(path) || !isCode(path) || /\.(?:test|node-test|node)\.ts$/.test(path)) return [];
    const found = /\bBun\b|\b(?:from|import)\s*\(?\s*["']bun(?::[\w-]+)?["']/.exec(bareCode(text))?.[0];
    return found === undefined ? [] : [`${path}: ${found}`];
  });
}

/** Needed by people rather than by packages: what they install, and what they open in a browser. */
const ENDS = new Set(["packages/cli/", "packages/web/"]);

/** Packages without code, without a test, or that no other needs; and domains of core without code. */
export function emptyRooms(files: SourceFile[]): string[] {
  const rooms = new Set<string>();
  for (const { path } of files) {
    const [room, domain] = [/^packages\/[\w-]+\//.exec(path)?.[0], /^packages\/core\/src\/[\w-]+\//.exec(path)?.[0]];
    for (const each of [room, domain]) if (each !== undefined) rooms.add(each);
  }
  const within = (room: string) => files.filter(({ path }) => path.startsWith(room) && isCode(path));
  const manifests = files.filter(({ path }) => /^packages\/[\w-]+\/package\.json$/.test(path));
  return [...rooms].flatMap((room) => {
    const code = within(room);
    if (!code.some(({ path, text }) => !isTest(path) && lineCount(text) > 1)) return [`${room}: holds no code`];
    if (!code.some(({ path }) => isTest(path))) return [`${room}: holds no test`];
    const name = `"@sluice/${room.split("/")[1]}"`;
    const needed = manifests.some(({ path, text }) => !path.startsWith(room) && text.includes(name));
    return needed || ENDS.has(room) ? [] : [`${room}: no other package needs it`];
  });
}

/** A list of exemptions may only shrink: every entry has to be needed still. */
export function checkExemptions(found: string[], exemptions: string[]): string[] {
  const missing = found.filter((path) => !exemptions.includes(path)).map((path) => `${path}: has no test beside it`);
  const stale = exemptions.filter((path) => !found.includes(path)).map((path) => `${path}: take it off the list`);
  return [...missing, ...stale];
}
