// `sluice up` and `sluice dev`: a server over a project, until it is told to stop.
import { resolve } from "node:path";
import { Option } from "commander";
import type { Command } from "commander";
import { collect } from "./repeated-option.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";

/** Options as commander hands them over. */
interface ServeFlags {
  readonly project?: string;
  readonly data?: string;
  readonly port?: string;
  readonly host?: string;
  readonly auth: boolean;
  readonly publicUrl?: string;
  readonly durability?: string;
  readonly onDeploy?: string;
  readonly encryptPayloads?: boolean;
  readonly allowedHost?: string[];
  readonly allowedOrigin?: string[];
  readonly trustedProxy?: string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly workerPort?: string;
  readonly workerHost?: string;
  readonly workerTlsCert?: string;
  readonly workerTlsKey?: string;
  readonly auditCheckpoints?: string;
  readonly auditRetention?: string;
  readonly telemetryEndpoint?: string;
  readonly telemetrySample?: string;
  readonly retentionRuns?: string;
  readonly retentionEvents?: string;
  readonly limit?: string[];
  readonly json?: boolean;
  readonly replace?: boolean;
}

export function addServeCommands(program: Command, io: Io): void {
  serveCommand(program, "up", "Run the workflows of a project: server, supervised worker, HTTP API")
    .option("--replace", "take the place of the server that runs over the data folder, without a failed request")
    .addHelpText("after", "\nExample:\n  sluice up --project ./shop --port 7890\n")
    .action(async (flags: ServeFlags) => {
      const { serve } = await import("../serve.ts");
      await serve(io, {
        mode: "up",
        project: projectOf(io, flags),
        json: flags.json === true,
        replace: flags.replace === true,
        flags: settingFlags(flags),
      });
    });
  serveCommand(program, "dev", "The same, and every saved change of the code is live at once")
    .addHelpText("after", "\nExample:\n  sluice dev --project ./shop\n")
    .action(async (flags: ServeFlags) => {
      const { serve } = await import("../serve.ts");
      await serve(io, {
        mode: "dev",
        project: projectOf(io, flags),
        json: flags.json === true,
        replace: false,
        flags: settingFlags(flags),
      });
    });
}

function serveCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--project <dir>", "folder with workflows/ (default: SLUICE_PROJECT, else this folder)")
    .option("--data <dir>", "data folder (default: <project>/.sluice)")
    .option("--port <n>", "port; 0 takes any that is free (default: 7890)")
    .option("--host <address>", "address to listen on (default: 127.0.0.1)")
    .option("--no-auth", "let everybody do everything; on loopback only")
    .option("--public-url <url>", "base of the URLs that are given out")
    .addOption(
      new Option("--durability <mode>", "what a commit survives: a power cut, or a crash of the process only").choices([
        "full",
        "relaxed",
      ]),
    )
    .addOption(
      new Option("--on-deploy <mode>", "what runs in flight do when the code changes").choices(["pin", "move"]),
    )
    .option("--encrypt-payloads", "workflows that do not say otherwise keep their payloads encrypted")
    .option("--allowed-host <name>", "name this server answers to; may be repeated", collect)
    .option("--allowed-origin <url>", "page of another origin that may call; may be repeated", collect)
    .option(
      "--trusted-proxy <network>",
      "proxy whose X-Forwarded-* are believed, such as 10.0.0.0/8; may be repeated",
      collect,
    )
    .option("--tls-cert <file>", "certificate in PEM format; the server then speaks TLS")
    .option("--tls-key <file>", "its private key")
    .option("--worker-port <n>", "port for workers on other machines (by convention 7891); 0 takes any that is free")
    .option("--worker-host <address>", "address for them (default: 127.0.0.1); others need TLS")
    .option("--worker-tls-cert <file>", "certificate in PEM format for the workers' port")
    .option("--worker-tls-key <file>", "its private key")
    .option("--audit-checkpoints <place>", "file elsewhere, or URL, that signed checkpoints of the audit trail go to")
    .option("--audit-retention <duration>", "how long rows of the audit trail are kept (default: for good)")
    .option("--telemetry-endpoint <url>", "where traces and metrics go, over OTLP/HTTP")
    .option("--telemetry-sample <share>", "of the traces that begin here, so many are exported: from 0 to 1")
    .option("--retention-runs <duration>", "how long ended runs are kept")
    .option("--retention-events <duration>", "how long events are kept")
    .option("--limit <name=value>", "a named limit; may be repeated", collect)
    .option("--json", "print one line of JSON when it is ready");
}

function projectOf(io: Io, flags: ServeFlags): string {
  return resolve(io.cwd, flags.project ?? io.env["SLUICE_PROJECT"] ?? ".");
}

/** The flags by setting; only those that were given. */
function settingFlags(flags: ServeFlags): Record<string, unknown> {
  const limits = (flags.limit ?? []).map((text) => {
    const at = text.indexOf("=");
    if (at <= 0) throw misused(`--limit takes NAME=VALUE, not ${text}.`, "Such as --limit concurrentRunsMax=500");
    return [`limits.${text.slice(0, at)}`, text.slice(at + 1)] as const;
  });
  const given = {
    data: flags.data,
    port: flags.port,
    host: flags.host,
    auth: flags.auth ? undefined : false,
    publicUrl: flags.publicUrl,
    durability: flags.durability,
    onDeploy: flags.onDeploy,
    encryptPayloads: flags.encryptPayloads,
    "http.allowedHosts": flags.allowedHost,
    "http.allowedOrigins": flags.allowedOrigin,
    "http.trustedProxies": flags.trustedProxy,
    "tls.cert": flags.tlsCert,
    "tls.key": flags.tlsKey,
    "worker.port": flags.workerPort,
    "worker.host": flags.workerHost,
    "worker.tlsCert": flags.workerTlsCert,
    "worker.tlsKey": flags.workerTlsKey,
    "audit.checkpoints": flags.auditCheckpoints,
    "audit.retention": flags.auditRetention,
    "telemetry.endpoint": flags.telemetryEndpoint,
    "telemetry.sample": flags.telemetrySample,
    "retention.runs": flags.retentionRuns,
    "retention.events": flags.retentionEvents,
    ...Object.fromEntries(limits),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
