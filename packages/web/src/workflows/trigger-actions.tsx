// What can be done with a trigger: pause it, let it go on, have it look now.
import { Pause, Play, RefreshCw } from "lucide-react";
import { useToasts } from "../parts.ts";
import { useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { visibleText } from "../ui/visible-text.ts";
import type { TriggerState } from "./words.ts";

const changes = ["listTriggers", "getTrigger"] as const;

export function TriggerButtons({ trigger }: { readonly trigger: TriggerState }) {
  const toasts = useToasts();
  const may = useMay("trigger:control", trigger.workflow);
  const pause = useCall("pauseTrigger", { changes });
  const resume = useCall("resumeTrigger", { changes });
  const look = useCall("runTrigger", { changes: [...changes, "listRuns"] });
  if (!may) return null;
  const call = { params: { trigger: trigger.id }, body: {} };
  const name = visibleText(trigger.name);
  const toggle = () => {
    const [now, back] = trigger.paused ? [resume, pause] : [pause, resume];
    const title = trigger.paused ? `${name} goes on` : `Paused: ${name}`;
    now.mutate(call, { onSuccess: () => toasts.show({ title, undo: () => back.mutate(call) }) });
  };
  const lookNow = () =>
    look.mutate(call, {
      onSuccess: ({ trigger: after }) => {
        const started = after.fired - trigger.fired;
        const title = started > 0 ? `Started ${started} ${started === 1 ? "run" : "runs"}` : "Nothing new";
        toasts.show({ title, tone: started > 0 ? "good" : "neutral" });
      },
    });
  const busy = pause.isPending || resume.isPending;
  return (
    <>
      {trigger.kind === "poll" && (
        <Button size="sm" icon={RefreshCw} busy={look.isPending} disabled={trigger.paused} onClick={lookNow}>
          Poll now
        </Button>
      )}
      <Button size="sm" icon={trigger.paused ? Play : Pause} disabled={busy} onClick={toggle}>
        {trigger.paused ? "Resume" : "Pause"}
      </Button>
    </>
  );
}
