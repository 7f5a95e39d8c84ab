// The functions of PromQL that give values other labels.
import { RE2JS } from "re2js";
import type { Expression } from "./ast.ts";
import { unanswerable } from "./promql-error.ts";
import { distinct } from "./vectors.ts";
import type { LabelSet, Value, Vector } from "./vectors.ts";

function textArg(args: readonly Expression[], at: number): string {
  const arg = args[at];
  return arg?.kind === "text" ? arg.value : "";
}

export function compileReplace(args: readonly Expression[]): (vector: Vector) => Vector {
  const [to, replacement, from, text] = [textArg(args, 1), textArg(args, 2), textArg(args, 3), textArg(args, 4)];
  if (!/^[a-zA-Z_]\w*$/.test(to)) throw unanswerable(`invalid destination label name in label_replace(): ${to}`);
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(`^(?:${text})$`, RE2JS.DOTALL);
  } catch {
    throw unanswerable(`invalid regular expression in label_replace(): ${text}`);
  }
  const replaced = ({ labels, value }: Value): Value => {
    const matcher = pattern.matcher(labels.get(from) ?? "");
    if (!matcher.find()) return { labels, value };
    const made = replacement.replaceAll(/\$(?:\{\w+\}|\w+|\$)/g, (reference) => {
      const name = reference.replaceAll(/[${}]/g, "");
      if (name === "") return "$";
      const isNumber = /^\d+$/.test(name);
      if (isNumber ? Number(name) > matcher.groupCount() : !Object.hasOwn(pattern.namedGroups(), name)) return "";
      const found: unknown = isNumber ? matcher.group(Number(name)) : matcher.group(name);
      return typeof found === "string" ? found : "";
    });
    return { labels: relabelled(labels, to, made), value };
  };
  return (vector) => distinct(vector.map(replaced));
}

export function compileJoin(args: readonly Expression[]): (vector: Vector) => Vector {
  const [to, separator] = [textArg(args, 1), textArg(args, 2)];
  if (!/^[a-zA-Z_]\w*$/.test(to)) throw unanswerable(`invalid destination label name in label_join(): ${to}`);
  const from = args.slice(3).map((_, i) => textArg(args, i + 3));
  return (vector) =>
    distinct(
      vector.map(({ labels, value }) => {
        const joined = from.map((name) => labels.get(name) ?? "").join(separator);
        return { labels: relabelled(labels, to, joined), value };
      }),
    );
}

function relabelled(labels: LabelSet, name: string, value: string): LabelSet {
  const made = new Map(labels);
  if (value === "") made.delete(name);
  else made.set(name, value);
  return made;
}
