// One task of a build: why it was executed, what it wrote, and a terminal where it failed.
import { useNavigate } from "@tanstack/react-router";
import { SquareTerminal } from "lucide-react";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { KeyValue } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Drawer } from "../ui/dialog.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Duration, Time } from "../ui/time.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { TaskBadge } from "./looks.tsx";
import type { Build, Task } from "./words.ts";

const refreshMs = 1_500;

interface TaskPanelProps {
  readonly build: Build;
  readonly task: Task;
  readonly onClose: () => void;
}

export function TaskPanel({ build, task, onClose }: TaskPanelProps) {
  return (
    <Drawer open title={visibleText(task.id)} onClose={onClose}>
      <div className="flex flex-col gap-4 p-4">
        <div className="flex flex-wrap items-center gap-2">
          <TaskBadge task={task} />
          <OpenTerminal build={build} task={task} />
        </div>
        <Facts task={task} />
        <Reasons task={task} />
        {build.kind === "workspace" && <Log build={build} task={task} />}
      </div>
    </Drawer>
  );
}

function Facts({ task }: { readonly task: Task }) {
  const { command, hash, startedAt, durationMs, expectedMs, savedMs, exitCode, why, folder, cache } = task;
  return (
    <KeyValue
      pairs={[
        why === null ? null : { name: "Why", value: <Text>{why}</Text> },
        command === null ? null : { name: "Script", value: <Mono className="break-all">{command}</Mono> },
        folder === null ? null : { name: "Folder", value: <Mono>{folder === "" ? "." : folder}</Mono> },
        startedAt === null ? null : { name: "Began", value: <Time at={startedAt} withMs form="moment" /> },
        durationMs === null || cache === "hit" ? null : { name: "Took", value: <Duration ms={durationMs} /> },
        expectedMs === null ? null : { name: "Took before", value: <Duration ms={expectedMs} /> },
        cache !== "hit" || savedMs === null ? null : { name: "Spared", value: <Duration ms={savedMs} /> },
        exitCode === null ? null : { name: "Exit code", value: exitCode },
        hash === null ? null : { name: "Key", value: <Mono className="break-all">{hash}</Mono> },
      ]}
    />
  );
}

function Reasons({ task: { reasons, cache } }: { readonly task: Task }) {
  if (reasons === null) return null;
  return (
    <section className="flex flex-col gap-1.5">
      <h3 className="text-sm font-semibold">Why it was executed</h3>
      {reasons.length === 0 ? (
        <p className="text-sm text-ink-soft">
          {cache === "off"
            ? "It is never taken from the cache."
            : "Nothing in its key is new where it was built: its result was not in the cache, or it was never built there."}
        </p>
      ) : (
        <ul className="flex list-disc flex-col gap-0.5 pl-5 text-sm">
          {reasons.map((reason) => (
            <li key={reason}>
              <Text>{reason}</Text>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Log({ build, task }: Pick<TaskPanelProps, "build" | "task">) {
  const params = { id: build.id, task: task.id };
  const refetch = task.status === "running" ? { refetchMs: refreshMs } : {};
  const log = useApi("getBuildTaskLog", { params }, { ...refetch, staleMs: task.status === "running" ? 0 : refreshMs });
  return (
    <section className="flex min-w-0 flex-col gap-1.5">
      <h3 className="text-sm font-semibold">What it wrote</h3>
      {log.data === undefined ? (
        log.error === null ? (
          <SkeletonRows rows={3} />
        ) : (
          <ErrorState error={log.error} onRetry={() => void log.refetch()} />
        )
      ) : log.data.lines.length === 0 ? (
        <p className="text-sm text-ink-soft">Nothing.</p>
      ) : (
        <CodeBlock
          label="What it wrote"
          text={
            log.data.lines.map(({ text }) => text).join("\n") + (log.data.cut ? "\n… and more where it was built" : "")
          }
        />
      )}
    </section>
  );
}

/** A terminal on the server's machine, in the folder of the task: where it failed, where that is the same machine. */
function OpenTerminal({ build, task }: Pick<TaskPanelProps, "build" | "task">) {
  const navigate = useNavigate();
  const may = useMay("terminal:create");
  const open = useCall("createTerminal", {
    onDone: ({ terminal }) => void navigate({ to: "/terminals/$terminal", params: { terminal: terminal.id } }),
  });
  if (!may || !build.here || build.root === null || task.status !== "failed") return null;
  const cwd = task.folder === null || task.folder === "" ? build.root : `${build.root}/${task.folder}`;
  return (
    <Button
      size="sm"
      icon={SquareTerminal}
      busy={open.isPending}
      onClick={() => open.mutate({ body: { cwd, name: task.id.slice(0, 128) } })}
    >
      Open a terminal where it failed
    </Button>
  );
}
