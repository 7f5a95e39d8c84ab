// One day of the calendar, in the grid and in the list, with the fires of each schedule put together.
import { getRouteApi, Link } from "@tanstack/react-router";
import { CalendarOff, CircleAlert, CircleDashed, History, Hourglass } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { Popover } from "radix-ui";
import type { ReactNode } from "react";
import { usePreferences } from "../parts.ts";
import { runStatusLooks, toneText } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { EmptyState } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { formatClock } from "../ui/time-format.ts";
import { visibleText } from "../ui/visible-text.ts";
import { countByStatus, loudest } from "./calendar.ts";
import type { DayGroup, Fire } from "./calendar.ts";

const route = getRouteApi("/shell/schedules");
const groupsShown = 4;
const groupsShownRoomy = 14;
const firesShown = 200;

const otherLooks: Readonly<Record<string, { label: string; tone: Tone; icon: LucideIcon }>> = {
  coming: { label: "Coming", tone: "neutral", icon: CircleDashed },
  caught_up: { label: "Caught up", tone: "hold", icon: History },
  held: { label: "Held back", tone: "hold", icon: Hourglass },
  missed: { label: "Missed", tone: "warn", icon: CircleAlert },
};

function lookOf(status: Fire["status"]): { label: string; tone: Tone; icon: LucideIcon } {
  const known = (runStatusLooks as Readonly<Record<string, { label: string; tone: Tone; icon: LucideIcon }>>)[status];
  return known ?? otherLooks[status] ?? { label: status, tone: "neutral", icon: CircleDashed };
}

interface DayCellProps {
  readonly day: string;
  readonly groups: readonly DayGroup[];
  readonly isToday: boolean;
  readonly isOutside: boolean;
  /** A week: there is room for more. */
  readonly roomy: boolean;
}

export function DayCell({ day, groups, isToday, isOutside, roomy }: DayCellProps) {
  const shownMax = roomy ? groupsShownRoomy : groupsShown;
  const shown = groups.length > shownMax ? groups.slice(0, shownMax - 1) : groups;
  return (
    <div
      role="cell"
      aria-label={day}
      className={cx(
        "flex min-w-0 flex-col gap-0.5 border-r border-b border-line p-1 last:border-r-0",
        isOutside ? "bg-inset" : "bg-panel",
      )}
    >
      <div className="px-1">
        <span
          aria-current={isToday ? "date" : undefined}
          className={cx(
            "tabular inline-flex h-5 min-w-5 items-center justify-center rounded-full text-xs",
            isToday ? "bg-accent px-1 font-semibold text-on-accent" : "text-ink-soft",
          )}
        >
          {Number(day.slice(8))}
        </span>
      </div>
      {shown.map((group) => (
        <GroupButton key={group.schedule} group={group} day={day} />
      ))}
      {groups.length > shown.length && (
        <Popover.Root>
          <Popover.Trigger className="rounded-sm px-1.5 text-left text-xs text-ink-soft hover:bg-hover hover:text-ink">
            {groups.length - shown.length} more
          </Popover.Trigger>
          <DayPopover label={day}>
            {groups.map((group) => (
              <Fires key={group.schedule} group={group} />
            ))}
          </DayPopover>
        </Popover.Root>
      )}
    </div>
  );
}

function DayPopover({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <Popover.Portal>
      <Popover.Content
        sideOffset={4}
        collisionPadding={8}
        aria-label={label}
        className="z-60 flex max-h-80 w-72 flex-col gap-3 overflow-y-auto rounded-lg bg-raised p-3 shadow-pop animate-appear"
      >
        {children}
      </Popover.Content>
    </Popover.Portal>
  );
}

/** "02:00 report", or "24× report" where it fires often. */
function GroupButton({ group, day }: { readonly group: DayGroup; readonly day: string }) {
  const { timeZone } = usePreferences();
  const { fires, workflow } = group;
  const look = lookOf(loudest(fires));
  const { icon: Icon } = look;
  const when = fires.length === 1 ? formatClock(fires[0]?.at ?? 0, timeZone).slice(0, 5) : `${fires.length}×`;
  const words = countByStatus(fires)
    .map(([status, count]) => `${count} ${lookOf(status).label.toLowerCase()}`)
    .join(", ");
  return (
    <Popover.Root>
      <Popover.Trigger
        title={`${visibleText(group.schedule)}: ${words}`}
        className="flex h-5.5 w-full min-w-0 items-center gap-1 rounded-sm px-1.5 text-left text-xs hover:bg-hover data-[state=open]:bg-active"
      >
        <Icon aria-hidden className={cx("size-3 shrink-0", toneText[look.tone])} />
        <span className="sr-only">{words}</span>
        <span className="tabular shrink-0 text-ink-faint">{when}</span>
        <Text truncate className="min-w-0">
          {workflow}
        </Text>
      </Popover.Trigger>
      <DayPopover label={`${visibleText(group.schedule)}, ${day}`}>
        <Fires group={group} />
      </DayPopover>
    </Popover.Root>
  );
}

/** Each fire of a schedule on one day, leading to its run. */
function Fires({ group }: { readonly group: DayGroup }) {
  const search = route.useSearch();
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <Link
        to="/schedules"
        search={{ ...search, schedule: group.schedule }}
        className="min-w-0 text-sm font-medium hover:underline"
      >
        <Text truncate>{group.schedule}</Text>
      </Link>
      <ul className="flex flex-col">
        {group.fires.slice(0, firesShown).map((fire) => (
          <li key={`${fire.at}~${fire.run ?? ""}`}>
            <FireRow fire={fire} />
          </li>
        ))}
      </ul>
      {group.fires.length > firesShown && (
        <p className="text-xs text-ink-faint">and {group.fires.length - firesShown} more</p>
      )}
    </div>
  );
}

function FireRow({ fire }: { readonly fire: Fire }) {
  const { timeZone } = usePreferences();
  const { label, tone, icon: Icon } = lookOf(fire.status);
  const inside = (
    <>
      <span className="tabular text-ink-soft">{formatClock(fire.at, timeZone)}</span>
      <span className={cx("ml-auto inline-flex items-center gap-1", toneText[tone])}>
        <Icon aria-hidden className="size-3.5" />
        {fire.status === "caught_up" && fire.runStatus !== null
          ? `${label} · ${runStatusLooks[fire.runStatus].label}`
          : label}
      </span>
    </>
  );
  const look = "flex h-7 items-center gap-2 rounded-sm px-1 text-xs";
  if (fire.run === null) return <div className={look}>{inside}</div>;
  return (
    <Link to="/runs/$run" params={{ run: fire.run }} className={cx(look, "hover:bg-hover")}>
      {inside}
    </Link>
  );
}

interface DayListProps {
  readonly days: readonly string[];
  readonly byDay: ReadonlyMap<string, readonly DayGroup[]>;
  readonly today: string;
  readonly month: string | undefined;
}

/** For phones: the days on which something fires. */
export function DayList({ days, byDay, today, month }: DayListProps) {
  const shown = days.filter(
    (day) => (month === undefined || day.startsWith(month)) && (byDay.get(day)?.length ?? 0) > 0,
  );
  if (shown.length === 0) return <EmptyState icon={CalendarOff} title="Nothing fires in this time" />;
  return (
    <ol className="flex flex-col">
      {shown.map((day) => (
        <li key={day} className="flex gap-3 border-b border-line px-4 py-2">
          <div
            className={cx(
              "w-16 shrink-0 text-sm whitespace-nowrap",
              day === today ? "font-semibold text-accent-ink" : "text-ink-soft",
            )}
          >
            {new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", timeZone: "UTC" }).format(
              Date.parse(`${day}T00:00:00Z`),
            )}
          </div>
          <div className="flex min-w-0 grow flex-col">
            {(byDay.get(day) ?? []).map((group) => (
              <GroupButton key={group.schedule} group={group} day={day} />
            ))}
          </div>
        </li>
      ))}
    </ol>
  );
}
