// `sluice services` and `sluice breakers`: how what workflows talk to is.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

interface ServiceView {
  readonly id: string;
  readonly version: string;
  readonly worker: string;
  readonly status: string;
  readonly since: number;
  readonly message: string | null;
}

interface BreakerView {
  readonly name: string;
  readonly state: string;
  readonly failures: number;
  readonly failureThreshold: number;
  readonly openUntil: number | null;
  readonly error: string | null;
}

export function addServicesCommands(program: Command, io: Io): void {
  const services = commandGroup(program, "services", "See how the services of the workers are");
  clientCommand(services, {
    name: "list",
    description: "The services that workers have started",
    example: "sluice services list",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly services?: readonly ServiceView[] }>("/api/v1/services");
    const rows = (answer.services ?? []).map((each) => [
      each.id,
      each.version,
      each.status,
      time(each.since),
      each.worker,
      each.message ?? "-",
    ]);
    show(io, flags, {
      json: answer,
      text: () =>
        rows.length === 0
          ? ["No services."]
          : table(["SERVICE", "VERSION", "STATUS", "SINCE", "WORKER", "PROBLEM"], rows),
    });
  });
  addBreakerCommands(program, io);
}

function addBreakerCommands(program: Command, io: Io): void {
  const breakers = commandGroup(program, "breakers", "See and close circuit breakers");
  clientCommand(breakers, {
    name: "list",
    description: "Circuit breakers, in order of names",
    example: "sluice breakers list",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly breakers?: readonly BreakerView[] }>("/api/v1/breakers");
    const rows = (answer.breakers ?? []).map((each) => [
      each.name,
      each.state,
      `${each.failures}/${each.failureThreshold}`,
      each.openUntil === null ? "-" : time(each.openUntil),
      each.error ?? "-",
    ]);
    show(io, flags, {
      json: answer,
      text: () =>
        rows.length === 0
          ? ["No circuit breakers."]
          : table(["NAME", "STATE", "FAILURES", "OPEN UNTIL", "LAST ERROR"], rows),
    });
  });
  clientCommand(breakers, {
    name: "reset",
    description: "Close a circuit breaker: the next attempt is let in",
    example: "sluice breakers reset payments",
  })
    .argument("<name>", "name of the breaker")
    .action(async (name: string, flags: TargetFlags) => {
      await apiOf(io, flags).send(`/api/v1/breakers/${segment(name)}/reset`, { method: "POST", body: {} });
      show(io, flags, { json: { reset: name }, text: () => [`Circuit breaker ${name} is closed.`] });
    });
}
