// Results of the workflow's cached steps: what is kept for other runs, how often it was used, and how to forget it.
import { Link } from "@tanstack/react-router";
import { Archive, Trash2 } from "lucide-react";
import { useMemo } from "react";
import type { Answer } from "../api.ts";
import { useCall, usePages } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { formatCount } from "../ui/time-format.ts";

type Result = Answer<"listStepCache">["results"][number];
const resultsOf = (page: Answer<"listStepCache">): readonly Result[] => page.results;
const pageResults = 100;
const previewChars = 200;

export function ResultsTab({ workflow }: { readonly workflow: string }) {
  const scope = `workflow:${workflow}`;
  const pages = usePages("listStepCache", { query: { scope, limit: pageResults } }, { rowsOf: resultsOf });
  const may = useMay("step-cache:clear", workflow);
  const clear = useCall("clearStepCache", { done: "Forgotten", changes: ["listStepCache"] });
  const columns = useColumns(may ? (step, key) => clear.mutate({ query: { scope, step, key } }) : undefined);
  if (pages.error !== null && pages.rows.length === 0) {
    return <ErrorState title="The results could not be read" error={pages.error} onRetry={pages.refetch} />;
  }
  if (pages.isPending) return <SkeletonRows rows={4} />;
  if (pages.rows.length === 0) {
    return (
      <EmptyState icon={Archive} title="No result is kept">
        A step shares its result between runs when its code says so:{" "}
        <code className="font-mono text-xs">{'{ cache: { key: "eur", ttl: "1h" } }'}</code>
      </EmptyState>
    );
  }
  return (
    <Card
      title="Kept results"
      detail="Other runs of this workflow take them instead of executing the step"
      actions={
        may && (
          <Button size="sm" icon={Trash2} busy={clear.isPending} onClick={() => clear.mutate({ query: { scope } })}>
            Forget all
          </Button>
        )
      }
      flush
    >
      <Table label="Kept results" columns={columns} rows={pages.rows} rowKey={({ step, key }) => `${step}\n${key}`} />
      {pages.hasMore && (
        <div className="p-3">
          <Button size="sm" onClick={pages.more} busy={pages.isFetching}>
            Show more
          </Button>
        </div>
      )}
    </Card>
  );
}

function useColumns(forget: ((step: string, key: string) => void) | undefined): readonly Column<Result>[] {
  return useMemo(
    () => [
      { name: "step", label: "Step", cell: ({ step }) => <Text truncate>{step}</Text> },
      {
        name: "key",
        label: "Key",
        cell: ({ key }) => (
          <Mono truncate className="max-w-40">
            {key}
          </Mono>
        ),
      },
      {
        name: "value",
        label: "Result",
        from: "md",
        cell: ({ value, omitted }) =>
          omitted === undefined ? (
            <Mono truncate className="max-w-72">
              {(JSON.stringify(value) ?? "").slice(0, previewChars)}
            </Mono>
          ) : (
            <span className="text-ink-faint">large</span>
          ),
      },
      { name: "hits", label: "Used", width: "4rem", align: "end", cell: ({ hits }) => formatCount(hits) },
      {
        name: "run",
        label: "Made by",
        from: "lg",
        width: "12rem",
        cell: ({ run }) => (
          <Link to="/runs/$run" params={{ run }} className="text-accent-ink hover:underline">
            <Mono truncate className="max-w-44">
              {run}
            </Mono>
          </Link>
        ),
      },
      { name: "expires", label: "Until", width: "7rem", from: "sm", cell: ({ expiresAt }) => <Time at={expiresAt} /> },
      {
        name: "forget",
        label: "",
        width: "3rem",
        align: "end",
        cell: ({ step, key }) =>
          forget !== undefined && (
            <IconButton icon={Trash2} label="Forget" size="sm" onClick={() => forget(step, key)} />
          ),
      },
    ],
    [forget],
  );
}
