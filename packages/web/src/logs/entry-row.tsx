// One entry in a list, and all of it beside the list.
import { Badge } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { KeyValue } from "../ui/card.tsx";
import { Drawer } from "../ui/dialog.tsx";
import { Mono } from "../ui/text.tsx";
import type { Level, LogEntry } from "./use-logs.ts";

const tones: Readonly<Record<Level, Tone>> = {
  fatal: "bad",
  error: "bad",
  warn: "warn",
  info: "info",
  debug: "neutral",
  trace: "neutral",
  unknown: "neutral",
};

/** Time of day with milliseconds, in the reader's zone. */
function clock(time: string): string {
  const at = new Date(time);
  return `${at.toLocaleTimeString(undefined, { hour12: false })}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

export function EntryRow({ entry, onOpen }: { readonly entry: LogEntry; readonly onOpen: () => void }) {
  const { time, level, line, labels, fields } = entry;
  const service = labels["service"] ?? labels["service_name"];
  const rest = line === "" ? JSON.stringify(fields) : line;
  return (
    <button
      type="button"
      onClick={onOpen}
      className="flex w-full items-baseline gap-3 border-b border-line px-4 py-1 text-left font-mono text-xs hover:bg-hover sm:px-6"
    >
      <time dateTime={time} className="tabular shrink-0 text-ink-faint">
        {clock(time)}
      </time>
      <span className="w-16 shrink-0">
        <Badge tone={tones[level]}>{level}</Badge>
      </span>
      {service !== undefined && (
        <span className="hidden w-28 shrink-0 truncate text-ink-soft sm:block">
          <Mono truncate>{service}</Mono>
        </span>
      )}
      <span className="min-w-0 grow truncate">
        <Mono truncate>{rest}</Mono>
      </span>
    </button>
  );
}

interface EntryDrawerProps {
  readonly entry: LogEntry | undefined;
  readonly onClose: () => void;
  /** Adds a condition to the query. */
  readonly onNarrow: (condition: string) => void;
}

/** Quoted where it is more than a word. */
function quoted(value: string | number | boolean): string {
  const text = String(value);
  return /^[\w./@-]+$/.test(text) ? text : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

export function EntryDrawer({ entry, onClose, onNarrow }: EntryDrawerProps) {
  const pairs = entry === undefined ? [] : [...Object.entries(entry.labels), ...Object.entries(entry.fields)];
  return (
    <Drawer open={entry !== undefined} onClose={onClose} title="Entry">
      {entry !== undefined && (
        <div className="flex flex-col gap-4 p-4">
          <pre className="overflow-x-auto rounded-md bg-inset p-3 font-mono text-xs whitespace-pre-wrap">
            <Mono>{entry.line}</Mono>
          </pre>
          <KeyValue
            pairs={[
              { name: "time", value: <Mono>{entry.time}</Mono> },
              { name: "level", value: <Badge tone={tones[entry.level]}>{entry.level}</Badge> },
              { name: "number", value: <Mono>{String(entry.seq)}</Mono> },
            ]}
          />
          <ul aria-label="Fields" className="flex flex-col gap-1">
            {pairs.map(([name, value]) => (
              <li key={name} className="flex items-center gap-2 text-sm">
                <span className="w-32 shrink-0 truncate text-ink-faint">
                  <Mono truncate>{name}</Mono>
                </span>
                <span className="min-w-0 grow truncate">
                  <Mono truncate>{String(value)}</Mono>
                </span>
                <Button size="sm" tone="quiet" onClick={() => onNarrow(`${name}:=${quoted(value)}`)}>
                  Only this
                </Button>
                <Button size="sm" tone="quiet" onClick={() => onNarrow(`-${name}:=${quoted(value)}`)}>
                  Not this
                </Button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Drawer>
  );
}
