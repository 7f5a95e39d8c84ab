// Labels as Loki's protobuf writes them: `{service="api", host="h\"1"}`.
import type { Labels } from "../../entry.ts";
import { RefusedRequest } from "../collector.ts";

const pair = /\s*([a-zA-Z_][\w.]*)\s*=\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*(,|$)/y;

/** Throws a `RefusedRequest` for a text that is no set of labels. */
export function lokiLabels(text: string): Labels {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) throw refused(text);
  const inner = trimmed.slice(1, -1).trim();
  const labels = Object.create(null) as Record<string, string>;
  if (inner === "") return labels;
  pair.lastIndex = 0;
  while (pair.lastIndex < inner.length) {
    const found = pair.exec(inner);
    if (found === null) throw refused(text);
    const [, name = "", quoted = ""] = found;
    labels[name] = quoted.startsWith("`") ? quoted.slice(1, -1) : unquote(quoted, text);
  }
  return labels;
}

/** Go's escapes that JSON does not know are rare in labels and refused. */
function unquote(quoted: string, text: string): string {
  try {
    return JSON.parse(quoted.replaceAll("\t", String.raw`\t`)) as string;
  } catch {
    throw refused(text);
  }
}

function refused(text: string): RefusedRequest {
  return new RefusedRequest("invalid_input", `${JSON.stringify(text.slice(0, 100))} are no labels.`);
}
