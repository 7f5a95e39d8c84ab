// `sluice cluster bootstrap`: components are brought up in the order of what stands on what.
import type { Command } from "commander";
import type { TargetFlags } from "../api.ts";
import { CliError, exitCodes } from "../io.ts";
import type { Io } from "../io.ts";
import { apiOf, clientCommand, show } from "./client-command.ts";
import { awaitEnd } from "./run-text.ts";

export function addBootstrap(cluster: Command, io: Io): void {
  clientCommand(cluster, {
    name: "bootstrap",
    description: "Bring components up in the order of what stands on what; exits with 1 unless all of them come up",
    example: "sluice cluster bootstrap web",
  })
    .argument("[component...]", "components, with all that they stand on (default: all there are)")
    .option("--no-wait", "do not wait for the end")
    .action(async (components: readonly string[], flags: TargetFlags & { readonly wait: boolean }) => {
      const api = apiOf(io, flags);
      const body = components.length === 0 ? {} : { components };
      const begun = await api.json<{ readonly run: string }>("/api/v1/bootstrap", { method: "POST", body });
      if (!flags.wait) return show(io, flags, { json: begun, text: () => [`Run ${begun.run} brings them up.`] });
      const { id, status, output, error } = await awaitEnd(api, begun.run);
      const came = Object.entries((output ?? {}) as Readonly<Record<string, string>>);
      const lines = came.map(([name, what]) => `${name}: ${what}`);
      const said = error === null ? lines : [error.message];
      show(io, flags, { json: { run: id, status, components: output, error }, text: () => [...said, `Run ${id}`] });
      if (status !== "completed") {
        const message = error?.message ?? status;
        throw new CliError(exitCodes.failed, { code: "workflow_failed", message }, true);
      }
    });
}
