// Stages of LogQL, ready to be gone through: each changes an entry, or says that it is not wanted.
import { stripVTControlCharacters } from "node:util";
import { RE2JS } from "re2js";
import { compileExpression } from "../expression.ts";
import { labelTest } from "../match.ts";
import type { Chosen, LabelFilter, LabelFormat, Stage } from "./ast.ts";
import { errorLabel, type StagedEntry } from "./entry.ts";
import { extractJson, extractLogfmt, unpackJson } from "./extract.ts";
import { compilePattern } from "./pattern.ts";
import { compileTemplate } from "./template.ts";
import { bytesOf, durationOf } from "./tokens.ts";

/** False: the entry is left out. */
export type RunningStage = (entry: StagedEntry) => boolean;

export function compileStages(stages: readonly Stage[]): RunningStage {
  const running = stages.map(compileStage);
  return (entry) => running.every((stage) => stage(entry));
}

function compileStage(stage: Stage): RunningStage {
  switch (stage.kind) {
    case "line":
      return lineFilter(stage.op, stage.texts);
    case "json":
      return extractJson(stage.fields);
    case "logfmt":
      return extractLogfmt(stage);
    case "unpack":
      return unpackJson;
    case "pattern": {
      const { captures } = compilePattern(stage.text, { captures: true });
      return always((entry) => {
        for (const [name, value] of captures(entry.line)) entry.extract(name, value);
      });
    }
    case "regexp":
      return extractGroups(stage.text);
    case "line_format": {
      const template = compileTemplate(stage.text);
      return always((entry) => void (entry.line = template(worldOf(entry))));
    }
    case "label_format":
      return formatLabels(stage.formats);
    case "decolorize":
      return always((entry) => void (entry.line = stripVTControlCharacters(entry.line)));
    case "drop":
    case "keep":
      return chooseLabels(stage.kind, stage.labels);
    default:
      return compileLabelFilter(stage.filter);
  }
}

const always =
  (change: (entry: StagedEntry) => void): RunningStage =>
  (entry) => {
    change(entry);
    return true;
  };

const worldOf = (entry: StagedEntry) => ({
  label: (name: string) => entry.get(name),
  line: entry.line,
  timeMs: entry.entry.timeMs,
});

function lineFilter(op: string, texts: readonly string[]): RunningStage {
  const tests = texts.map((text): ((line: string) => boolean) => {
    if (op === "|~" || op === "!~") return compileExpression(text).test;
    if (op === "|>" || op === "!>") return compilePattern(text, { captures: false }).test;
    return (line) => line.includes(text);
  });
  const wanted = op.startsWith("|");
  return ({ line }) => tests.some((test) => test(line)) === wanted;
}

function extractGroups(pattern: string): RunningStage {
  const compiled = RE2JS.compile(pattern);
  const names = Object.keys(compiled.namedGroups());
  return always((entry) => {
    const matcher = compiled.matcher(entry.line);
    if (!matcher.find()) return;
    for (const name of names) {
      const value: unknown = matcher.group(name);
      if (typeof value === "string") entry.extract(name, value);
    }
  });
}

function formatLabels(formats: readonly LabelFormat[]): RunningStage {
  const changes = formats.map((format) =>
    "template" in format ? { label: format.label, template: compileTemplate(format.template) } : format,
  );
  return always((entry) => {
    // As Loki has it: all templates see the labels that the first of them saw.
    let seen: ReadonlyMap<string, string> | undefined;
    for (const change of changes) {
      if ("template" in change) {
        const labels = (seen ??= entry.labels());
        entry.set(change.label, change.template({ ...worldOf(entry), label: (name) => labels.get(name) ?? "" }));
        continue;
      }
      const value = entry.get(change.from);
      if (value === "") continue;
      entry.set(change.label, value);
      if (change.label !== change.from) entry.delete(change.from);
    }
  });
}

function chooseLabels(kind: "drop" | "keep", chosen: readonly Chosen[]): RunningStage {
  const tests = new Map<string, ((value: string) => boolean)[]>();
  for (const { name, matcher } of chosen)
    tests.set(name, [...(tests.get(name) ?? []), matcher === undefined ? () => true : labelTest(matcher)]);
  const isChosen = (name: string, value: string): boolean => tests.get(name)?.some((test) => test(value)) === true;
  return always((entry) => {
    for (const [name, value] of entry.labels()) {
      // A fault is dropped by its own name only, and always kept.
      if (kind === "keep" && name.startsWith("__error")) continue;
      if (isChosen(name, value) === (kind === "drop")) entry.delete(name);
    }
    if (kind === "drop" && tests.has(errorLabel)) entry.delete("__error_details__");
  });
}

export function compileLabelFilter(filter: LabelFilter): RunningStage {
  switch (filter.kind) {
    case "match": {
      const test = labelTest(filter.matcher);
      const { name } = filter.matcher;
      return (entry) => test(entry.get(name));
    }
    case "number":
      return numberFilter(filter);
    default: {
      const parts = filter.of.map(compileLabelFilter);
      return filter.kind === "and"
        ? (entry) => parts.every((part) => part(entry))
        : (entry) => parts.some((part) => part(entry));
    }
  }
}

/** A value that is none goes on, so that the fault can be seen; an entry without the label does not fit, whatever failed before. */
function numberFilter({ name, op, value, unit }: Extract<LabelFilter, { kind: "number" }>): RunningStage {
  return (entry) => {
    const text = entry.get(name);
    if (text === "") return false;
    const found = quantityOf(text, unit);
    if (found === undefined) {
      // What failed before says more.
      if (!entry.hasFailed) entry.fail("LabelFilterErr", `${JSON.stringify(text)} of ${name} is no ${unit}`);
      return true;
    }
    switch (op) {
      case "==":
        return found === value;
      case "!=":
        return found !== value;
      case ">":
        return found > value;
      case ">=":
        return found >= value;
      case "<":
        return found < value;
      default:
        return found <= value;
    }
  };
}

/** A number, seconds of a duration, or bytes; undefined for what is none. */
export function quantityOf(text: string, unit: "number" | "duration" | "bytes"): number | undefined {
  if (unit === "bytes") return bytesOf(text);
  if (unit === "duration") {
    const ms = durationOf(text);
    return ms === undefined ? undefined : ms / 1_000;
  }
  if (/^[+-]?(?:inf|infinity)$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}
