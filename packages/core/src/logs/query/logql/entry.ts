// An entry on its way through the stages of LogQL: its line and its labels change, what it came with does not.
import type { StoredEntry } from "../../entry.ts";
import { logLevels } from "../../level.ts";

/** The label that tells of a level which nobody named, as Grafana looks for it. */
const levelLabel = "detected_level";
export const errorLabel = "__error__";

export class StagedEntry {
  readonly entry: StoredEntry;
  line: string;
  /** What stages have set or taken away; undefined is away. */
  readonly #changed = new Map<string, string | undefined>();
  readonly #parsed = new Set<string>();

  constructor(entry: StoredEntry) {
    this.entry = entry;
    this.line = entry.line;
  }

  /** Empty for a label that is not there. */
  get(name: string): string {
    if (this.#changed.has(name)) return this.#changed.get(name) ?? "";
    return this.#own(name) ?? "";
  }

  #own(name: string): string | undefined {
    const { labels, fields, level } = this.entry;
    if (Object.hasOwn(labels, name)) return labels[name];
    if (Object.hasOwn(fields, name)) return String(fields[name]);
    // Names of fields are any text, those of labels are words.
    const field = name.includes("_") ? Object.keys(fields).find((each) => labelName(each) === name) : undefined;
    if (field !== undefined) return String(fields[field]);
    return name === levelLabel ? logLevels[level] : undefined;
  }

  set(name: string, value: string): void {
    this.#changed.set(name, value);
  }

  delete(name: string): void {
    this.#changed.set(name, undefined);
  }

  /** What a parser found: beside a label of the stream, never in its place. */
  extract(name: string, value: string): void {
    const as = Object.hasOwn(this.entry.labels, name) ? `${name}_extracted` : name;
    this.#parsed.add(as);
    this.#changed.set(as, value);
  }

  fail(code: string, details: string): void {
    this.#changed.set(errorLabel, code);
    this.#changed.set("__error_details__", details);
  }

  get hasFailed(): boolean {
    return this.get(errorLabel) !== "";
  }

  /** All labels that are not empty. */
  labels(): Map<string, string> {
    const { labels, fields, level } = this.entry;
    const found = new Map<string, string>();
    const add = (name: string, value: string): void => {
      if (value !== "" && !this.#changed.has(name)) found.set(name, value);
    };
    for (const [name, value] of Object.entries(labels)) add(name, value);
    for (const [name, value] of Object.entries(fields))
      if (!found.has(labelName(name))) add(labelName(name), String(value));
    if (!found.has(levelLabel)) add(levelLabel, logLevels[level] ?? "unknown");
    for (const [name, value] of this.#changed) if (value !== undefined && value !== "") found.set(name, value);
    return found;
  }

  /** Labels apart, as Grafana asks for them: of the stream, carried beside the line, and found in it. */
  categorized(): Record<"stream" | "structuredMetadata" | "parsed", Record<string, string>> {
    const apart: ReturnType<StagedEntry["categorized"]> = { stream: {}, structuredMetadata: {}, parsed: {} };
    for (const [name, value] of this.labels()) {
      const isStream = Object.hasOwn(this.entry.labels, name);
      const kind = this.#parsed.has(name)
        ? "parsed"
        : isStream
          ? "stream"
          : this.#own(name) === undefined
            ? "parsed"
            : "structuredMetadata";
      apart[kind][name] = value;
    }
    return apart;
  }
}

/** A name as a label can have it: letters, digits and underscores, no digit first. */
export function labelName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_]/g, "_");
  return /^\d/.test(plain) ? `_${plain}` : plain;
}
