// Where a value of two runs differs, path by path.
import { Equal } from "lucide-react";
import { apiUrl } from "../api.ts";
import { Badge } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { Card } from "../ui/card.tsx";
import { Mono } from "../ui/text.tsx";
import { differencesMax, jsonDiff } from "./json-diff.ts";
import type { Difference } from "./json-diff.ts";

const valueCharsMax = 300;
const kinds: Readonly<Record<Difference["kind"], { readonly label: string; readonly tone: Tone }>> = {
  added: { label: "Only second", tone: "good" },
  removed: { label: "Only first", tone: "bad" },
  changed: { label: "Differs", tone: "warn" },
};

interface ValueDifferencesProps {
  readonly title: string;
  readonly runs: readonly [string, string];
  readonly part: string;
  readonly values: readonly [unknown, unknown];
  /** One of them is too large to be here. */
  readonly omitted: boolean;
}

export function ValueDifferences({ title, runs, part, values, omitted }: ValueDifferencesProps) {
  if (omitted) {
    return (
      <Card title={title}>
        <p className="text-sm text-ink-soft">
          Too large to compare here. Download <Whole run={runs[0]} part={part} name="the first" /> and{" "}
          <Whole run={runs[1]} part={part} name="the second" />.
        </p>
      </Card>
    );
  }
  const differences = jsonDiff(values[0], values[1]);
  return (
    <Card title={title} flush={differences.length > 0}>
      {differences.length === 0 ? <Alike /> : <Differences differences={differences} />}
    </Card>
  );
}

function Whole({ run, part, name }: { readonly run: string; readonly part: string; readonly name: string }) {
  return (
    <a href={apiUrl("getRunValue", { params: { run, part } })} download className="text-accent-ink underline">
      {name}
    </a>
  );
}

export function Alike() {
  return (
    <p className="flex items-center gap-1.5 text-sm text-ink-soft">
      <Equal aria-hidden className="size-3.5" /> The same in both.
    </p>
  );
}

function short(value: unknown): string {
  if (value === undefined) return "–";
  const text = JSON.stringify(value) ?? "";
  return text.length <= valueCharsMax ? text : `${text.slice(0, valueCharsMax)}…`;
}

export function Differences({ differences }: { readonly differences: readonly Difference[] }) {
  return (
    <>
      <ul>
        {differences.map(({ path, kind, before, after }) => (
          <li
            key={path}
            className="grid gap-x-4 gap-y-1 border-b border-line px-4 py-2 last:border-b-0 md:grid-cols-[minmax(8rem,16rem)_1fr_1fr]"
          >
            <span className="flex min-w-0 flex-col items-start gap-1">
              <Mono className="text-xs">{path === "" ? "the whole" : path}</Mono>
              <Badge tone={kinds[kind].tone}>{kinds[kind].label}</Badge>
            </span>
            <Mono className="min-w-0 text-xs text-ink-soft">{short(before)}</Mono>
            <Mono className="min-w-0 text-xs text-ink">{short(after)}</Mono>
          </li>
        ))}
      </ul>
      {differences.length === differencesMax && (
        <p className="px-4 py-2 text-xs text-ink-faint">And more: the first {differencesMax} are shown.</p>
      )}
    </>
  );
}
