// Log lines as they were written: time, level, message, data.
import { useState } from "react";
import { usePreferences } from "../parts.ts";
import { cx } from "../ui/cx.ts";
import { toneText } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { JsonTree } from "../ui/json-tree.tsx";
import { Text } from "../ui/text.tsx";
import { formatClock, formatMoment } from "../ui/time-format.ts";
import { VirtualList } from "../ui/virtual-list.tsx";
import type { LogLevel, LogLine } from "./words.ts";

const levelTones: Readonly<Record<LogLevel, Tone>> = { debug: "neutral", info: "info", warn: "warn", error: "bad" };
const lineHeightPx = 24;
const lineKey = ({ line }: LogLine) => line;

interface LogViewProps {
  readonly lines: readonly LogLine[];
  readonly follow: boolean;
}

export function LogView({ lines, follow }: LogViewProps) {
  return (
    <VirtualList label="Log lines" entries={lines} entryKey={lineKey} heightPx={lineHeightPx} follow={follow}>
      {(line) => <LogRow line={line} />}
    </VirtualList>
  );
}

export function LogRow({ line }: { readonly line: LogLine }) {
  const { timeZone } = usePreferences();
  const [open, setOpen] = useState(false);
  const hasData = line.data !== null && line.data !== undefined;
  return (
    <div className={cx("px-3 py-0.5 font-mono text-xs leading-5 sm:px-4", line.level === "error" && "bg-bad-soft")}>
      <div className="flex min-w-0 gap-3">
        <time
          dateTime={new Date(line.at).toISOString()}
          title={formatMoment(line.at, timeZone, true)}
          className="shrink-0 text-ink-faint"
        >
          {formatClock(line.at, timeZone, true)}
        </time>
        <span className={cx("w-10 shrink-0", toneText[levelTones[line.level]])}>{line.level}</span>
        <span className="min-w-0 grow whitespace-pre-wrap text-ink">
          <Text className="break-words">{line.message}</Text>
          {hasData && (
            <button
              type="button"
              aria-expanded={open}
              onClick={() => setOpen(!open)}
              className="ml-2 max-w-full truncate rounded-sm bg-inset px-1 align-bottom text-ink-soft hover:bg-active"
            >
              <span className="sr-only">Data: </span>
              <Text>{(JSON.stringify(line.data) ?? "").slice(0, 120)}</Text>
            </button>
          )}
        </span>
      </div>
      {open && (
        <div className="py-1.5 font-sans">
          <JsonTree label="Data of the line" source={{ value: line.data }} className="max-h-60" />
        </div>
      )}
    </div>
  );
}
