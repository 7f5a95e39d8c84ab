// `sluice worker`: who works for a server, giving a worker no new work, and sending one away.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import type { Io } from "../io.ts";
import { table } from "../table.ts";
import { addConnect } from "./worker-connect.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

interface WorkerView {
  readonly id: string;
  readonly kind: "local" | "remote";
  readonly runtime: string;
  readonly version: string | null;
  readonly status: string;
  readonly labels: readonly string[];
  readonly slots: number | null;
  readonly busy: number;
  readonly load: number | null;
  readonly heardMsAgo: number | null;
  readonly clockSkewMs: number | null;
}

export function addWorkerCommands(program: Command, io: Io): void {
  const worker = commandGroup(program, "worker", "Look at workers, drain and remove them");
  addConnect(worker, io);
  clientCommand(worker, {
    name: "list",
    description: "The workers: processes of the server, and those on other machines",
    example: "sluice worker list",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly workers: readonly WorkerView[] }>("/api/v1/workers");
    show(io, flags, { json: answer, text: () => workersText(answer.workers) });
  });
  clientCommand(worker, {
    name: "drain",
    description: "Give a worker no new work; what it has it may finish",
    example: "sluice worker drain build-7",
  })
    .argument("<worker>", "its worker_id")
    .action(async (id: string, flags: TargetFlags) => {
      await apiOf(io, flags).send(`/api/v1/workers/${segment(id)}/drain`, { method: "POST", body: {} });
      show(io, flags, { json: { draining: id }, text: () => [`Worker ${id} gets no new work.`] });
    });
  clientCommand(worker, {
    name: "remove",
    description: "Send a worker away for good: its token lets nobody in any more",
    example: "sluice worker remove build-7",
  })
    .argument("<worker>", "its worker_id")
    .action(async (id: string, flags: TargetFlags) => {
      await apiOf(io, flags).send(`/api/v1/workers/${segment(id)}`, { method: "DELETE" });
      show(io, flags, { json: { removed: id }, text: () => [`Worker ${id} is removed.`] });
    });
}

function workersText(workers: readonly WorkerView[]): readonly string[] {
  if (workers.length === 0) return ["No workers."];
  const rows = workers.map((each) => [
    each.id,
    each.kind,
    each.version === null ? each.runtime : `${each.runtime} ${each.version}`,
    each.status,
    each.slots === null ? String(each.busy) : `${each.busy}/${each.slots}`,
    each.load === null ? "-" : each.load.toFixed(2),
    each.heardMsAgo === null ? "-" : `${each.heardMsAgo} ms`,
    each.clockSkewMs === null ? "-" : `${each.clockSkewMs} ms`,
    each.labels.join(", ") || "-",
  ]);
  return table(["WORKER", "KIND", "RUNTIME", "STATUS", "BUSY", "LOAD", "HEARD", "CLOCK", "LABELS"], rows);
}
