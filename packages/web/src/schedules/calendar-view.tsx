// The calendar: a month or a week with what fired and what will; on phones the same days as a list.
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo } from "react";
import { api } from "../api.ts";
import { useLive } from "../live/use-live.ts";
import { usePreferences } from "../parts.ts";
import { apiKey } from "../query.ts";
import { useActions } from "../shell/use-actions.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { useIsWide } from "../ui/columns.ts";
import { Select } from "../ui/select.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { useNow } from "../ui/time.tsx";
import { WorkflowFilter } from "./workflow-filter.tsx";
import { addDays, addSpans, daysOf, groupByDay, isDay, ZoneDays } from "./calendar.ts";
import type { DayGroup, Span } from "./calendar.ts";
import { DayCell, DayList } from "./calendar-days.tsx";
import { readFires } from "./fires.ts";
import type { Schedule } from "./words.ts";

const route = getRouteApi("/shell/schedules");
const minuteMs = 60_000;
const calendarRefreshMs = 30_000;

function useShownDays() {
  const { day: asked, span: askedSpan } = route.useSearch();
  const { timeZone } = usePreferences();
  const navigate = route.useNavigate();
  const now = useNow(minuteMs);
  const zone = useMemo(() => new ZoneDays(timeZone), [timeZone]);
  const today = zone.dayOf(now);
  const day = isDay(asked) ? asked : today;
  const span: Span = askedSpan ?? "month";
  const days = useMemo(() => daysOf(day, span), [day, span]);
  const go = useMemo(
    () => (to: string | undefined) => void navigate({ search: (before) => ({ ...before, day: to }), replace: true }),
    [navigate],
  );
  return { zone, today, day, span, days, go };
}

export function Calendar({ schedules }: { readonly schedules: readonly Schedule[] }) {
  const { workflow } = route.useSearch();
  const { zone, today, day, span, days, go } = useShownDays();
  const wide = useIsWide("md");
  const client = useQueryClient();
  const [first = day, last = day] = [days[0], days.at(-1)];
  const query = { from: zone.startOf(first), to: zone.startOf(addDays(last, 1)), workflow };
  const times = useQuery({
    queryKey: apiKey("listScheduleTimes", { query }),
    queryFn: async ({ signal }) =>
      readFires(query.from, async (from) => api("listScheduleTimes", { query: { ...query, from }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: calendarRefreshMs,
  });
  useLive("schedules", ({ type }) => {
    if (type === "changed" || type === "lagged") void client.invalidateQueries({ queryKey: ["listScheduleTimes"] });
  });
  const byDay = useMemo(() => groupByDay(times.data?.fires ?? [], zone), [times.data, zone]);
  useCalendarKeys({ day, span, go });
  const shown = { days, byDay, today, month: span === "month" ? day.slice(0, 7) : undefined };
  return (
    <div className="flex h-full flex-col overflow-y-auto">
      <CalendarBar day={day} days={days} span={span} go={go} />
      <WorkflowFilter schedules={schedules} />
      {times.data?.more === true && (
        <p role="status" className="border-b border-line bg-warn-soft px-4 py-1.5 text-xs text-warn sm:px-6">
          More fires than can be shown at once: those at the end of the period are missing. Choose a workflow, or a
          week.
        </p>
      )}
      {times.error !== null && times.data === undefined ? (
        <ErrorState title="The calendar could not be read" error={times.error} onRetry={() => void times.refetch()} />
      ) : times.isPending ? (
        <div role="status" aria-label="Loading" className="grid grow grid-cols-7 gap-px p-4 sm:p-6">
          {days.map((each) => (
            <Skeleton key={each} className="h-full min-h-16" />
          ))}
        </div>
      ) : wide ? (
        <Grid {...shown} />
      ) : (
        <DayList {...shown} />
      )}
    </div>
  );
}

const weekDays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

interface GridProps {
  readonly days: readonly string[];
  readonly byDay: ReadonlyMap<string, readonly DayGroup[]>;
  readonly today: string;
  readonly month: string | undefined;
}

function Grid({ days, byDay, today, month }: GridProps) {
  const weeks = days.length / 7;
  return (
    <div role="table" aria-label="Calendar" className="flex grow flex-col text-sm">
      <div role="row" className="grid grid-cols-7 border-b border-line">
        {weekDays.map((name) => (
          <div key={name} role="columnheader" className="px-2 py-1 text-xs font-medium text-ink-faint">
            {name}
          </div>
        ))}
      </div>
      {Array.from({ length: weeks }, (_, week) => (
        <div key={days[week * 7]} role="row" className="grid min-h-28 grow grid-cols-7">
          {days.slice(week * 7, week * 7 + 7).map((each) => (
            <DayCell
              key={each}
              day={each}
              groups={byDay.get(each) ?? []}
              isToday={each === today}
              isOutside={month !== undefined && !each.startsWith(month)}
              roomy={weeks === 1}
            />
          ))}
        </div>
      ))}
    </div>
  );
}

interface BarProps {
  readonly day: string;
  readonly days: readonly string[];
  readonly span: Span;
  readonly go: (day: string | undefined) => void;
}

function titleOf({ day, days, span }: Pick<BarProps, "day" | "days" | "span">): string {
  const words = (each: string, form: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { ...form, timeZone: "UTC" }).format(Date.parse(`${each}T00:00:00Z`));
  if (span === "month") return words(day, { month: "long", year: "numeric" });
  const short = { day: "numeric", month: "short" } as const;
  return `${words(days[0] ?? day, short)} – ${words(days.at(-1) ?? day, { ...short, year: "numeric" })}`;
}

function CalendarBar({ day, days, span, go }: BarProps) {
  const navigate = route.useNavigate();
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-2 px-4 pb-2.5 sm:px-6">
      <IconButton icon={ChevronLeft} label="Earlier" keys="p" size="sm" onClick={() => go(addSpans(day, span, -1))} />
      <IconButton icon={ChevronRight} label="Later" keys="n" size="sm" onClick={() => go(addSpans(day, span, 1))} />
      <h2 className="text-sm font-semibold" aria-live="polite">
        {titleOf({ day, days, span })}
      </h2>
      <div className="ml-auto flex items-center gap-2">
        <Button size="sm" onClick={() => go(undefined)}>
          Today
        </Button>
        <Select
          label="Period"
          value={span}
          options={[
            { value: "month", label: "Month" },
            { value: "week", label: "Week" },
          ]}
          className="h-7 text-xs"
          onChange={(next) =>
            void navigate({
              search: (before) => ({ ...before, span: next === "week" ? next : undefined }),
              replace: true,
            })
          }
        />
      </div>
    </div>
  );
}

function useCalendarKeys({ day, span, go }: Omit<BarProps, "days">): void {
  useActions(
    useMemo(
      () => [
        { id: "calendar:back", group: "Calendar", label: "Earlier", keys: "p", run: () => go(addSpans(day, span, -1)) },
        { id: "calendar:on", group: "Calendar", label: "Later", keys: "n", run: () => go(addSpans(day, span, 1)) },
        { id: "calendar:today", group: "Calendar", label: "Today", keys: "t", run: () => go(undefined) },
      ],
      [day, span, go],
    ),
  );
}
