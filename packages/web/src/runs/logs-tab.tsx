// What a run logged: all of it, followed while it goes on, narrowed by level and by text.
import { isFinalStatus } from "@sluice/protocol";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Download, ScrollText } from "lucide-react";
import { useMemo, useState } from "react";
import { useMayOf } from "../session/session.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Switch } from "../ui/field.tsx";
import { FilterChips } from "../ui/filter-chips.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { formatCount } from "../ui/time-format.ts";
import { shownLines } from "./log-lines.ts";
import { LogView } from "./log-view.tsx";
import { useLogs } from "./use-run.ts";
import { logLevels } from "./words.ts";
import type { LogLevel, LogLine, Run } from "./words.ts";

const route = getRouteApi("/shell/runs/$run");
/** Lines are told a moment after their run. */
const marginMs = 60_000;
const levelOptions = logLevels.map((value) => ({ value, label: value }));

export function LogsTab({ run }: { readonly run: Run }) {
  const { level, find } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useLogs(run.id);
  const [follow, setFollow] = useState(!isFinalStatus(run.status));
  const lines = query.data;
  const shown = useMemo(() => shownLines(lines ?? [], { levels: level, text: find }), [lines, level, find]);
  if (lines === undefined) return query.error === null ? <SkeletonRows /> : <ErrorState error={query.error} />;
  const change = (name: string, values: readonly string[]) =>
    void navigate({
      search: (before) => ({
        ...before,
        ...(name === "level"
          ? { level: values.length === 0 ? undefined : (values as readonly LogLevel[]) }
          : { find: values[0] }),
      }),
      replace: true,
    });
  return (
    <div className="-mx-4 flex h-full flex-col sm:-mx-6">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 pb-2 sm:px-6">
        <FilterChips
          filters={[
            { name: "level", label: "Level", values: level ?? [], options: levelOptions },
            { name: "find", label: "Text", values: find === undefined ? [] : [find], placeholder: "Part of a message" },
          ]}
          onChange={change}
        />
        <div className="ml-auto flex items-center gap-3">
          <span className="tabular text-xs text-ink-faint">
            {shown.length === lines.length ? "" : `${formatCount(shown.length)} of `}
            {formatCount(lines.length)} {lines.length === 1 ? "line" : "lines"}
          </span>
          <InTheLogs run={run} />
          <Switch label="Follow" checked={follow} onChange={setFollow} />
          <IconButton icon={Download} label="Download the lines" size="sm" onClick={() => download(run.id, shown)} />
        </div>
      </div>
      <div className="min-h-0 grow border-t border-line">
        {shown.length === 0 ? (
          <EmptyState
            icon={ScrollText}
            title={lines.length === 0 ? "It has logged nothing" : "No line fits these filters"}
            command={lines.length === 0 ? 'ctx.log("parcel is on its way", { tracking });' : undefined}
          />
        ) : (
          <LogView lines={shown} follow={follow} />
        )}
      </div>
    </div>
  );
}

/** Leads to what it said and did, among everything else that can be searched. */
function InTheLogs({ run }: { readonly run: Run }) {
  const mayOf = useMayOf();
  if (!mayOf("log:read")) return null;
  const [from, to] = [run.createdAt - marginMs, (run.endedAt ?? Date.now()) + marginMs];
  return (
    <Button asChild size="sm">
      <Link to="/logs" search={{ of: "sluice", q: `run:=${run.id}`, from, to }}>
        In the logs
      </Link>
    </Button>
  );
}

/** One JSON object a line. */
function download(run: string, lines: readonly LogLine[]): void {
  const text = lines.map((line) => JSON.stringify(line)).join("\n");
  const url = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${run}-logs.ndjson`;
  link.click();
  URL.revokeObjectURL(url);
}
