// Every command there is. Each loads what it needs when it is called.
import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import { addApproveCommands } from "./commands/approve.ts";
import { addAuditCommands } from "./commands/audit.ts";
import { addBackupCommands } from "./commands/backup.ts";
import { addBuildCommands } from "./commands/build.ts";
import { addClusterCommands } from "./commands/cluster.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addEventsCommands } from "./commands/events.ts";
import { addInitCommand } from "./commands/init.ts";
import { addKeysCommands } from "./commands/keys.ts";
import { addLogsCommands } from "./commands/logs.ts";
import { addMetricsCommands } from "./commands/metrics.ts";
import { addMigrateCommands } from "./commands/migrate.ts";
import { addRunCommand } from "./commands/run.ts";
import { addRunsCommands } from "./commands/runs.ts";
import { addQueueCommands } from "./commands/queue.ts";
import { addScheduleCommands } from "./commands/schedule.ts";
import { addSecretCommands } from "./commands/secret.ts";
import { addServicesCommands } from "./commands/services.ts";
import { addStateCommands } from "./commands/state.ts";
import { addStepCacheCommands } from "./commands/step-cache.ts";
import { addCacheCommands } from "./commands/cache.ts";
import { addTermCommands } from "./commands/term.ts";
import { addTokenCommands } from "./commands/token.ts";
import { addTriggerCommands } from "./commands/triggers.ts";
import { addServeCommands } from "./commands/up.ts";
import { addUserCommands } from "./commands/user.ts";
import { addVersionsCommands } from "./commands/versions.ts";
import { addWorkerCommands } from "./commands/worker.ts";
import type { Io } from "./io.ts";

/** The program with all its commands. */
export function makeProgram(io: Io): Command {
  const program = new Command("sluice")
    .description("A self-hosted operations engine: durable workflows in one process and one data folder")
    .version(manifest.version, "--version", "print the version")
    .showHelpAfterError("(add --help for the options and an example)")
    .enablePositionalOptions()
    .exitOverride();
  addServeCommands(program, io);
  addInitCommand(program, io);
  addRunCommand(program, io);
  addRunsCommands(program, io);
  addEventsCommands(program, io);
  addApproveCommands(program, io);
  addScheduleCommands(program, io);
  addQueueCommands(program, io);
  addTriggerCommands(program, io);
  addStateCommands(program, io);
  addStepCacheCommands(program, io);
  addUserCommands(program, io);
  addTokenCommands(program, io);
  addWorkerCommands(program, io);
  addBuildCommands(program, io);
  addLogsCommands(program, io);
  addMetricsCommands(program, io);
  addCacheCommands(program, io);
  addTermCommands(program, io);
  addSecretCommands(program, io);
  addVersionsCommands(program, io);
  addKeysCommands(program, io);
  addServicesCommands(program, io);
  addAuditCommands(program, io);
  addBackupCommands(program, io);
  addClusterCommands(program, io);
  addMigrateCommands(program, io);
  addDoctorCommand(program, io);
  return program;
}
