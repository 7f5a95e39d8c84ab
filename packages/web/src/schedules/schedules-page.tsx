// Schedules: the list with what can be done with each, and the calendar of their fires.
import { getRouteApi, Link } from "@tanstack/react-router";
import { CalendarClock } from "lucide-react";
import { useMemo } from "react";
import { useLiveRefresh } from "../live/use-live.ts";
import { useApi } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { useActions } from "../shell/use-actions.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState } from "../ui/states.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { formatCount } from "../ui/time-format.ts";
import { VirtualTable } from "../ui/virtual-table.tsx";
import { Calendar } from "./calendar-view.tsx";
import { ScheduleDrawer } from "./schedule-drawer.tsx";
import { ScheduleMenu } from "./schedule-actions.tsx";
import { catchUpWords, nameOf, overlapWords } from "./words.ts";
import type { Schedule } from "./words.ts";
import { WorkflowFilter } from "./workflow-filter.tsx";

const route = getRouteApi("/shell/schedules");

export function SchedulesPage() {
  const { tab, schedule } = route.useSearch();
  const navigate = route.useNavigate();
  const schedules = useApi("listSchedules", {});
  useLiveRefresh("schedules", ["listSchedules", "getSchedule"]);
  useCalendarAction();
  const all = schedules.data?.schedules;
  const close = () => void navigate({ search: (before) => ({ ...before, schedule: undefined }) });
  return (
    <Page
      full
      title="Schedules"
      detail={
        all !== undefined && all.length > 0 && <span className="tabular text-sm text-ink-faint">{all.length}</span>
      }
    >
      <div className="flex h-full flex-col [&_[role=tablist]]:px-4 sm:[&_[role=tablist]]:px-6 [&>div]:min-h-0 [&>div]:grow">
        <Tabs
          label="Schedules"
          tabs={[
            { name: "list", label: "List" },
            { name: "calendar", label: "Calendar" },
          ]}
          current={tab ?? "list"}
          onChange={(name) =>
            void navigate({ search: (before) => ({ ...before, tab: name === "calendar" ? name : undefined }) })
          }
        >
          {all === undefined && schedules.error !== null ? (
            <ErrorState
              title="The schedules could not be read"
              error={schedules.error}
              onRetry={() => void schedules.refetch()}
            />
          ) : tab === "calendar" ? (
            <Calendar schedules={all ?? []} />
          ) : (
            <List schedules={all} />
          )}
        </Tabs>
      </div>
      <ScheduleDrawer id={schedule} onClose={close} />
    </Page>
  );
}

function useCalendarAction(): void {
  const navigate = route.useNavigate();
  useActions(
    useMemo(
      () => [
        {
          id: "schedules:calendar",
          group: "Schedules",
          label: "Show the calendar",
          icon: CalendarClock,
          keys: "c",
          run: () => void navigate({ search: (before) => ({ ...before, tab: "calendar" }) }),
        },
      ],
      [navigate],
    ),
  );
}

function List({ schedules }: { readonly schedules: readonly Schedule[] | undefined }) {
  const { workflow } = route.useSearch();
  const navigate = route.useNavigate();
  const shown = useMemo(
    () =>
      (schedules ?? [])
        .filter((each) => workflow === undefined || each.workflow === workflow)
        .toSorted((a, b) => (a.nextAt ?? Infinity) - (b.nextAt ?? Infinity) || 0),
    [schedules, workflow],
  );
  return (
    <div className="flex h-full flex-col">
      {(schedules?.length ?? 0) > 0 && <WorkflowFilter schedules={schedules ?? []} />}
      <div className="min-h-0 grow">
        <VirtualTable
          label="Schedules"
          columns={columns}
          rows={shown}
          rowKey={(row) => row.id}
          isPending={schedules === undefined}
          onOpen={(row) => void navigate({ search: (before) => ({ ...before, schedule: row.id }) })}
          empty={
            workflow === undefined ? (
              <EmptyState
                icon={CalendarClock}
                title="No schedules"
                command={'triggers: [schedule("0 2 * * *", { timezone: "Europe/Lisbon" })]'}
              >
                A workflow gets one as a trigger in its code. It is here once that is deployed.
              </EmptyState>
            ) : (
              <EmptyState
                icon={CalendarClock}
                title="This workflow has no schedule"
                actions={
                  <Button asChild>
                    <Link to="/schedules">All schedules</Link>
                  </Button>
                }
              />
            )
          }
        />
      </div>
    </div>
  );
}

const columns: readonly Column<Schedule>[] = [
  {
    name: "name",
    label: "Schedule",
    cell: (row) => (
      <div className="flex min-w-0 items-baseline gap-2">
        <Text truncate className="max-w-full shrink-0 font-medium">
          {row.workflow}
        </Text>
        <Text truncate className="min-w-0 text-ink-faint">
          {nameOf(row)}
        </Text>
      </div>
    ),
  },
  { name: "cron", label: "Expression", width: "9rem", from: "sm", cell: (row) => <Mono truncate>{row.cron}</Mono> },
  {
    name: "zone",
    label: "Time zone",
    width: "9rem",
    from: "lg",
    cell: (row) => (
      <Text truncate className="text-ink-soft">
        {row.timezone}
      </Text>
    ),
  },
  {
    name: "overlap",
    label: "While one runs",
    width: "10rem",
    from: "xl",
    cell: (row) => <span className="text-ink-soft">{overlapWords[row.overlap]}</span>,
  },
  {
    name: "catchUp",
    label: "After an outage",
    width: "15rem",
    from: "xl",
    cell: (row) => <span className="text-ink-soft">{catchUpWords(row.catchUp, row.catchUpMax)}</span>,
  },
  {
    name: "next",
    label: "Next",
    width: "5.5rem",
    align: "end",
    cell: (row) => (row.paused ? <Badge tone="warn">Paused</Badge> : <Time at={row.nextAt} />),
  },
  {
    name: "waiting",
    label: "Held back",
    width: "5.5rem",
    align: "end",
    from: "sm",
    cell: (row) => row.waiting !== null && <Badge tone="warn">{formatCount(row.waiting.count)}</Badge>,
  },
  { name: "menu", label: "", width: "2rem", cell: (row) => <ScheduleMenu schedule={row} /> },
];
