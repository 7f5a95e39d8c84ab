// Reads the files that describe a workspace, and says of what is wrong in them where it stands: file, line and key.
import { LineCounter, parseDocument } from "yaml";
import type { Files } from "../ports.ts";
import { jsonFaultLine } from "./json-fault.ts";

/** What is wrong in a file. Caught where a workspace is read. */
export class ConfigFault extends Error {
  constructor(
    file: string,
    p: { readonly line?: number | undefined; readonly key?: string | undefined; readonly message: string },
  ) {
    const at = p.line === undefined ? file : `${file}:${p.line}`;
    super(p.key === undefined || p.key === "" ? `${at}: ${p.message}` : `${at}: ${p.key} ${p.message}`);
  }
}

type Key = string | number;

/** JSON as editors take it: comments, and commas behind the last element, become spaces, so that places stay what they are. */
export function plainJson(text: string): string {
  const tokens = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  const blank = (part: string): string => part.replace(/[^\n]/g, " ");
  const bare = text.replace(/^\uFEFF/, " ").replace(tokens, (part) => (part.startsWith('"') ? part : blank(part)));
  return bare.replace(/"(?:[^"\\\n]|\\.)*"|,(?=\s*[\]}])/g, (part) => (part === "," ? " " : part));
}

function yamlOf(text: string): {
  readonly lineOf: (keys: readonly Key[]) => number | undefined;
  readonly fault?: { readonly line: number; readonly message: string };
} {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, keepSourceTokens: false });
  const [error] = document.errors;
  return {
    lineOf(keys) {
      for (let depth = keys.length; depth > 0; depth--) {
        const node: unknown = document.getIn(keys.slice(0, depth), true);
        const range = (node as { readonly range?: readonly number[] } | undefined)?.range;
        if (range?.[0] !== undefined) return counter.linePos(range[0]).line;
      }
      return undefined;
    },
    ...(error === undefined
      ? {}
      : {
          fault: {
            line: counter.linePos(error.pos[0]).line,
            message: (error.message.split("\n")[0] ?? "").replace(/ at line \d+.*$/, ""),
          },
        }),
  };
}

function isJson(file: string): boolean {
  return /\.jsonc?$/.test(file);
}

/** A value in a file, with the way to it: accessors say where it is not what it should be. */
export class ConfigValue {
  readonly file: string;
  readonly value: unknown;
  readonly #keys: readonly Key[];
  readonly #text: string;
  readonly #lineOf: ((keys: readonly Key[]) => number | undefined) | undefined;

  constructor(p: {
    readonly file: string;
    readonly text: string;
    readonly value: unknown;
    readonly keys?: readonly Key[];
    /** Of a file that is neither JSON nor YAML. */
    readonly lineOf?: ((keys: readonly Key[]) => number | undefined) | undefined;
  }) {
    this.file = p.file;
    this.value = p.value;
    this.#keys = p.keys ?? [];
    this.#text = p.text;
    this.#lineOf = p.lineOf;
  }

  fault(message: string): ConfigFault {
    const lineOf = this.#lineOf ?? yamlOf(isJson(this.file) ? plainJson(this.#text) : this.#text).lineOf;
    return new ConfigFault(this.file, { line: lineOf(this.#keys), key: this.#keys.join("."), message });
  }

  get isThere(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  at(key: Key): ConfigValue {
    const inner = this.value as Readonly<Record<Key, unknown>> | null | undefined;
    const value = inner !== null && typeof inner === "object" && Object.hasOwn(inner, key) ? inner[key] : undefined;
    return new ConfigValue({
      file: this.file,
      text: this.#text,
      value,
      keys: [...this.#keys, key],
      lineOf: this.#lineOf,
    });
  }

  /** Its keys in order; empty where it is not there. */
  keys(): readonly string[] {
    if (!this.isThere) return [];
    if (typeof this.value !== "object" || Array.isArray(this.value)) throw this.fault("is not an object.");
    return Object.keys(this.value as object);
  }

  /** Refuses keys that are not among these. */
  knowing(known: readonly string[]): this {
    for (const key of this.keys())
      if (!known.includes(key)) throw this.at(key).fault(`is not known here. Known are ${known.join(", ")}.`);
    return this;
  }

  text(): string | undefined {
    if (!this.isThere) return undefined;
    if (typeof this.value !== "string") throw this.fault("is not a text.");
    return this.value;
  }

  flag(): boolean | undefined {
    if (!this.isThere) return undefined;
    if (typeof this.value !== "boolean") throw this.fault("is neither true nor false.");
    return this.value;
  }

  texts(): readonly string[] | undefined {
    if (!this.isThere) return undefined;
    if (!Array.isArray(this.value)) throw this.fault("is not a list of texts.");
    return this.value.map((_, index) => this.at(index).text() ?? "");
  }

  /** One of these words. */
  word<T extends string>(words: readonly T[]): T | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    const found = words.find((word) => word === text);
    if (found === undefined) throw this.fault(`is ${JSON.stringify(text)}; it may be ${words.join(", ")}.`);
    return found;
  }
}

/** A JSON file, comments allowed. Undefined where it is not there. `name`: as messages call it. */
export function readJsonFile(files: Files, path: string, name: string): ConfigValue | undefined {
  const text = files.readText(path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const plain = plainJson(text);
    try {
      value = JSON.parse(plain);
    } catch (error) {
      const why = error instanceof Error ? error.message.replace(/^JSON Parse error: /, "") : String(error);
      throw new ConfigFault(name, { line: jsonFaultLine(plain), message: `is not JSON: ${why}` });
    }
  }
  const read = new ConfigValue({ file: name, text, value });
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new ConfigFault(name, { line: 1, message: "is not an object." });
  return read;
}

/** A YAML file. Undefined where it is not there. */
export function readYamlFile(files: Files, path: string, name: string): ConfigValue | undefined {
  const text = files.readText(path);
  if (text === undefined) return undefined;
  const { fault } = yamlOf(text);
  if (fault !== undefined) throw new ConfigFault(name, { line: fault.line, message: `is not YAML: ${fault.message}` });
  const value: unknown = parseDocument(text).toJS();
  return new ConfigValue({ file: name, text, value: value ?? {} });
}
