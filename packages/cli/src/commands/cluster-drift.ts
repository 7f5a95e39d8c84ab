// `sluice cluster drift`: what in a cluster is no longer as it was applied.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import type { Io } from "../io.ts";
import { apiOf, clientCommand, show } from "./client-command.ts";
import { changeLines, ended } from "./cluster-text.ts";
import type { ChangeView } from "./cluster-text.ts";

interface DriftView {
  readonly component: string;
  readonly at: number;
  readonly changes: readonly ChangeView[];
}

export function addDrift(cluster: Command, io: Io): void {
  clientCommand(cluster, {
    name: "drift",
    description:
      "What in the cluster is no longer as it was applied, and what would put it right; exits with 1 when something is",
    example: "sluice cluster drift web",
  })
    .argument("[component...]", "names of components (default: all there are)")
    .action(async (components: readonly string[], flags: TargetFlags) => {
      const api = apiOf(io, flags);
      const listed = components.length > 0 ? undefined : await api.json<Listed>("/api/v1/components");
      const names = listed === undefined ? components : (listed.components ?? []).map(({ name }) => name);
      const drifts: DriftView[] = [];
      for (const name of names) {
        const answer = await api.json<{ readonly drift: DriftView }>(`/api/v1/components/${segment(name)}/drift`);
        drifts.push(answer.drift);
      }
      const drifted = drifts.filter(({ changes }) => changes.length > 0);
      show(io, flags, { json: { drifts }, text: () => drifts.flatMap(lines) });
      if (drifted.length === 0) return;
      const said = drifted.map(({ component }) => component).join(", ");
      throw ended("cluster_conflict", `Not as it was applied: ${said}.`);
    });
}

interface Listed {
  readonly components?: readonly { readonly name: string }[];
}

function lines({ component, changes }: DriftView): readonly string[] {
  if (changes.length === 0) return [`${component}: as it was applied`];
  const taken = changes.flatMap(({ key, conflicts }) =>
    conflicts.map(({ field, manager }) => `! ${key}: ${field} belongs to ${manager} now`),
  );
  return [`${component}:`, ...changeLines(changes), ...taken];
}
