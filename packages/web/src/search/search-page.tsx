// The page of search results: grouped by noun, a noun at a time where there are many.
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { Search } from "lucide-react";
import type { Answer } from "../api.ts";
import { useApi } from "../query.ts";
import { useParts } from "../parts.ts";
import { nounLabel } from "../shell/screen.ts";
import { Page } from "../shell/page.tsx";
import { runStatuses } from "@sluice/protocol";
import type { RunStatus } from "@sluice/protocol";
import { Badge, StatusBadge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Input } from "../ui/field.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";

const route = getRouteApi("/shell/search");
const hitsPerNoun = 20;
const hitsOfOneNoun = 50;

export function SearchPage() {
  const { q, noun } = route.useSearch();
  const navigate = route.useNavigate();
  const limit = noun === undefined ? hitsPerNoun : hitsOfOneNoun;
  const results = useApi("search", { query: { q, noun, limit } }, { enabled: q !== undefined, keepPrevious: true });
  const groups = q === undefined ? [] : results.data?.groups.filter((group) => group.hits.length > 0);
  return (
    <Page
      title="Search"
      actions={
        noun !== undefined && (
          <Button size="sm" onClick={() => void navigate({ search: (before) => ({ q: before.q }) })}>
            Every kind
          </Button>
        )
      }
    >
      <Input
        type="search"
        aria-label="Search everything"
        placeholder="A name, an id, a tag…"
        autoFocus
        value={q ?? ""}
        onChange={({ target }) =>
          void navigate({ search: (before) => ({ ...before, q: target.value || undefined }), replace: true })
        }
        className="mb-4 h-9"
      />
      {results.error !== null && q !== undefined ? (
        <ErrorState error={results.error} onRetry={() => void results.refetch()} />
      ) : groups === undefined ? (
        <SkeletonRows />
      ) : groups.length === 0 ? (
        <EmptyState
          icon={Search}
          title={q === undefined ? "Search everything" : "Nothing fits"}
          command="sluice runs list --json"
        >
          {q === undefined
            ? "Runs, workflows, events, schedules, state: whatever you may see."
            : "Ids, names and tags are searched. For what is inside of runs, look at their logs."}
        </EmptyState>
      ) : (
        <div className="flex flex-col gap-4">
          {groups.map((group) => (
            <Group key={group.noun} group={group} alone={noun !== undefined} />
          ))}
        </div>
      )}
    </Page>
  );
}

function HitStatus({ noun, status }: { readonly noun: string; readonly status: string }) {
  if (noun === "runs" && isRunStatus(status)) return <StatusBadge status={status} />;
  return <Badge>{status}</Badge>;
}

function isRunStatus(status: string): status is RunStatus {
  return (runStatuses as readonly string[]).includes(status);
}

function Group({ group, alone }: { group: Answer<"search">["groups"][number]; alone: boolean }) {
  const router = useRouter();
  const { navigation } = useParts();
  return (
    <Card
      flush
      title={nounLabel(navigation, group.noun)}
      actions={
        group.more &&
        !alone && (
          <Button size="sm" tone="quiet" asChild>
            <Link from="/search" to="." search={(before) => ({ ...before, noun: group.noun })}>
              Show all
            </Link>
          </Button>
        )
      }
    >
      <ul>
        {group.hits.map((hit) => (
          <li key={hit.id} className="border-b border-line last:border-b-0">
            <a
              href={hit.page}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                router.history.push(hit.page);
              }}
              className="flex items-center gap-3 px-4 py-2 -outline-offset-2 hover:bg-hover"
            >
              <span className="min-w-0 grow">
                <Text truncate className="text-sm">
                  {hit.title}
                </Text>
                {hit.detail !== null && (
                  <Text truncate className="text-xs text-ink-faint">
                    {hit.detail}
                  </Text>
                )}
              </span>
              {hit.status !== null && <HitStatus noun={group.noun} status={hit.status} />}
              {hit.at !== null && <Time at={hit.at} className="text-xs whitespace-nowrap text-ink-faint" />}
            </a>
          </li>
        ))}
      </ul>
    </Card>
  );
}
