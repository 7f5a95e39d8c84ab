// What a row of the list of runs shows, by the room there is.
import { useEffect, useMemo } from "react";
import { Link } from "@tanstack/react-router";
import { RunTags } from "./run-tags.tsx";
import { StatusBadge, StatusIcon } from "../ui/badge.tsx";
import { useIsWide } from "../ui/columns.ts";
import type { Column } from "../ui/columns.ts";
import type { Selection } from "../ui/selection.ts";
import { Mono, Text } from "../ui/text.tsx";
import { Elapsed, Time } from "../ui/time.tsx";
import type { RunList } from "./run-list.ts";
import type { ListedRun } from "./words.ts";

interface ColumnsParts {
  readonly list: RunList | undefined;
  readonly selection: Selection;
  readonly see: (id: string) => () => void;
}

/** The first line of what went wrong. */
export function firstLine(text: string): string {
  const end = text.indexOf("\n");
  return end === -1 ? text : text.slice(0, end);
}

function errorLine(run: ListedRun): string | undefined {
  if (run.error !== null) return firstLine(run.error.message);
  return run.omitted?.includes("error") === true ? "An error too large for this list" : undefined;
}

export function useRunColumns({ list, selection, see }: ColumnsParts): readonly Column<ListedRun>[] {
  const medium = useIsWide("md");
  return useMemo(() => {
    const now = (run: ListedRun) => list?.current(run) ?? run;
    return [
      {
        name: "select",
        label: "",
        width: "1rem",
        from: "sm",
        cell: (run) => <Chosen run={run} selection={selection} />,
      },
      {
        name: "status",
        label: medium ? "Status" : "",
        width: medium ? "11rem" : "1rem",
        cell: (run) => <Status run={now(run)} wide={medium} see={see} />,
      },
      { name: "workflow", label: "Workflow", width: "minmax(0, 1.1fr)", cell: (run) => <Name run={run} /> },
      { name: "id", label: "Id", width: "minmax(0, 15.5rem)", from: "lg", cell: (run) => <Id run={run} /> },
      {
        name: "tags",
        label: "Tags",
        width: "minmax(0, 0.9fr)",
        from: "xl",
        cell: (run) => <RunTags tags={run.tags} />,
      },
      { name: "error", label: "Error", width: "minmax(0, 1.5fr)", from: "md", cell: (run) => <ErrorCell run={run} /> },
      {
        name: "started",
        label: "Started",
        width: "5rem",
        cell: (run) => <Time at={now(run).startedAt ?? run.createdAt} className="whitespace-nowrap text-ink-soft" />,
      },
      { name: "duration", label: "Duration", width: "4.5rem", align: "end", cell: (run) => <Took run={now(run)} /> },
    ];
  }, [list, list?.version, selection, see, medium]);
}

function Chosen({ run, selection }: { readonly run: ListedRun; readonly selection: Selection }) {
  return (
    <input
      type="checkbox"
      tabIndex={-1}
      aria-label={`Choose ${run.id}`}
      checked={selection.keys.has(run.id)}
      onChange={() => selection.toggle(run.id)}
      className="block size-4 accent-accent"
    />
  );
}

interface StatusProps {
  readonly run: ListedRun;
  readonly wide: boolean;
  readonly see: (id: string) => () => void;
}

function Status({ run, wide, see }: StatusProps) {
  useEffect(() => see(run.id), [see, run.id]);
  return (
    <span className="flex items-center">
      {wide ? <StatusBadge status={run.status} reason={run.statusReason} /> : <StatusIcon status={run.status} />}
    </span>
  );
}

function Name({ run }: { readonly run: ListedRun }) {
  return (
    <Link to="/runs/$run" params={{ run: run.id }} tabIndex={-1} className="block min-w-0 hover:underline">
      <Text truncate className="font-medium">
        {run.workflow}
      </Text>
    </Link>
  );
}

function Id({ run }: { readonly run: ListedRun }) {
  return (
    <Mono truncate className="text-ink-soft">
      {run.id}
    </Mono>
  );
}

function ErrorCell({ run }: { readonly run: ListedRun }) {
  const line = errorLine(run);
  return line === undefined ? null : (
    <Text truncate className="text-bad">
      {line}
    </Text>
  );
}

function Took({ run }: { readonly run: ListedRun }) {
  if (run.startedAt === null) return <span className="text-ink-faint">–</span>;
  return <Elapsed from={run.startedAt} to={run.endedAt} />;
}
