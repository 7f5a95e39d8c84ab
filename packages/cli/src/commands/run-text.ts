// A run as text, and waiting for its end.
import { segment } from "../api.ts";
import type { Api } from "../api.ts";
import { short, span, time } from "../table.ts";
import { hasEnded } from "../views.ts";
import type { RunView } from "../views.ts";

/** One question is open for this long; then it is asked again. */
const waitMs = 60_000;

/** The run once it has ended; where it went on as another, the last of them. */
export async function awaitEnd(api: Api, id: string): Promise<RunView> {
  let current = id;
  for (;;) {
    const { run } = await api.json<{ readonly run: RunView }>(`/api/v1/runs/${segment(current)}`, {
      query: { wait: `${waitMs}ms` },
    });
    if (typeof run.continuedTo === "string") current = run.continuedTo;
    else if (hasEnded(run.status)) return run;
  }
}

/** A start that made no run of its own says so. */
export function becameOf({
  created,
  joined,
}: {
  readonly created: boolean;
  readonly joined?: string;
}): readonly string[] {
  if (created) return [];
  return joined === undefined ? ["This was started before:"] : [`Part of a run that was there (${joined}):`];
}

/** `failed (error)`. */
export function statusText({ status, statusReason }: Pick<RunView, "status" | "statusReason">): string {
  return statusReason === null ? status : `${status} (${statusReason})`;
}

/** `concurrency of input.tenant = acme`, `queue mails`. */
function holdText({ by, path, key }: NonNullable<RunView["hold"]>): string {
  if (by === "queue") return `queue ${key ?? ""}, which is paused`;
  return path === null ? by : `${by} of ${path} = ${key ?? ""}`;
}

function attributeLine({ attributes = {}, attributeTypes = {} }: RunView): readonly string[] {
  const text = (name: string, value: unknown): string =>
    attributeTypes[name] === "time" ? time(Number(value)) : String(value);
  const all = Object.entries(attributes).map(([name, value]) => `${name}=${text(name, value)}`);
  return all.length === 0 ? [] : [`  attributes ${all.join("  ")}`];
}

export function describeRun(run: RunView): readonly string[] {
  const took = run.endedAt === null ? "" : ` after ${span(run.endedAt - run.createdAt)}`;
  return [
    `${run.id}  ${run.workflow}  ${statusText(run)}${took}`,
    `  created ${time(run.createdAt)}  attempt ${run.attempt}  version ${run.version.slice(0, 12)}${run.tags.length === 0 ? "" : `  tags ${run.tags.join(", ")}`}`,
    ...(run.hold === null || run.hold === undefined ? [] : [`  held back by ${holdText(run.hold)}`]),
    ...attributeLine(run),
    `  input  ${short(run.input, 200)}`,
    ...(typeof run.continuedTo === "string" ? [`  went on as ${run.continuedTo}`] : []),
    ...(run.status === "completed" && typeof run.continuedTo !== "string"
      ? [`  output ${short(run.output, 200)}`]
      : []),
    ...(run.progress === null ? [] : [`  progress ${short(run.progress, 200)}`]),
    ...(run.error === null
      ? []
      : [`  error  ${run.error.message}`, ...(run.error.hint === undefined ? [] : [`         ${run.error.hint}`])]),
  ];
}
