// What can be done with a schedule: pause it, let it go on, start a run of it now.
import { Ellipsis, Pause, Play, Zap } from "lucide-react";
import { useNavigate } from "@tanstack/react-router";
import { useToasts } from "../parts.ts";
import { useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Menu } from "../ui/menu.tsx";
import { visibleText } from "../ui/visible-text.ts";
import type { Schedule } from "./words.ts";

const changes = ["listSchedules", "getSchedule", "listScheduleTimes"] as const;

function useScheduleActions(schedule: Pick<Schedule, "id" | "workflow" | "paused">) {
  const toasts = useToasts();
  const navigate = useNavigate();
  const may = useMay("schedule:control", schedule.workflow);
  const pause = useCall("pauseSchedule", { changes });
  const resume = useCall("resumeSchedule", { changes });
  const runNow = useCall("runSchedule", { changes: [...changes, "listRuns"] });
  const call = { params: { schedule: schedule.id }, body: {} };
  const name = visibleText(schedule.id);
  return {
    may,
    busy: pause.isPending || resume.isPending || runNow.isPending,
    toggle: () => {
      const [now, back] = schedule.paused ? [resume, pause] : [pause, resume];
      const title = schedule.paused ? `${name} goes on` : `Paused: ${name}`;
      now.mutate(call, { onSuccess: () => toasts.show({ title, undo: () => back.mutate(call) }) });
    },
    runNow: () =>
      runNow.mutate(call, {
        onSuccess: ({ run }) =>
          toasts.show({
            tone: "good",
            title: `Started ${visibleText(run.id)}`,
            action: { label: "Open", run: () => void navigate({ to: "/runs/$run", params: { run: run.id } }) },
          }),
      }),
  };
}

/** In a row of the list. */
export function ScheduleMenu({ schedule }: { readonly schedule: Schedule }) {
  const { may, toggle, runNow } = useScheduleActions(schedule);
  if (!may) return null;
  return (
    <Menu
      groups={[
        [
          { label: "Run now", icon: Zap, run: runNow },
          schedule.paused ? { label: "Resume", icon: Play, run: toggle } : { label: "Pause", icon: Pause, run: toggle },
        ],
      ]}
    >
      <IconButton icon={Ellipsis} size="sm" label={`Actions on ${visibleText(schedule.id)}`} />
    </Menu>
  );
}

/** Where there is room. */
export function ScheduleButtons({ schedule }: { readonly schedule: Schedule }) {
  const { may, busy, toggle, runNow } = useScheduleActions(schedule);
  if (!may) return null;
  return (
    <div className="flex gap-2">
      <Button size="sm" tone="primary" icon={Zap} disabled={busy} onClick={runNow}>
        Run now
      </Button>
      <Button size="sm" icon={schedule.paused ? Play : Pause} disabled={busy} onClick={toggle}>
        {schedule.paused ? "Resume" : "Pause"}
      </Button>
    </div>
  );
}
