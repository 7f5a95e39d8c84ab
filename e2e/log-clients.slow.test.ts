// Clients of npm that people have already, pointed here: everything they send is there once, in two runs of each.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { clientPrograms, installClients, runClient } from "./log-clients.suite.ts";
import { entriesOfRun, LogRig, token } from "./log-rig.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installClients();
if (refusal !== undefined) console.warn(`skipped: no clients: ${refusal}`);

/** What an entry of each client has to carry. */
const services: Readonly<Record<string, string>> = {
  "pino-loki": "pino-shop",
  "winston-loki": "winston-shop",
  elasticsearch: "elastic-shop",
  "otlp-http": "otel-shop",
  "otlp-proto": "otel-shop",
  "winston-syslog": "syslog-shop",
  "gelf-pro": "gelf-shop",
  fluent: "fluent-shop",
};

describe.skipIf(refusal !== undefined)("a client of npm", () => {
  let rig: LogRig;
  beforeAll(async () => {
    rig = await LogRig.start();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  test.each(Object.keys(clientPrograms))(
    "%s is understood, two runs of it",
    async (name) => {
      for (const round of [1, 2]) {
        const run = `${name}-round-${round}`;
        await runClient(name, clientPrograms[name] ?? "", {
          URL: rig.url,
          TOKEN: token,
          RUN: run,
          COUNT: String(entriesOfRun),
          SYSLOG_UDP: String(rig.portOf("syslog", "udp")),
          GELF_UDP: String(rig.portOf("gelf", "udp")),
          GELF_TCP: String(rig.portOf("gelf", "tcp")),
          FLUENT_TCP: String(rig.portOf("fluent", "tcp")),
        });
        const entries = await rig.arrived(`${run} `);
        expect([name, entries.length, new Set(entries.map(({ line }) => line)).size]).toEqual([
          name,
          entriesOfRun,
          entriesOfRun,
        ]);
        const [first] = entries;
        expect([first?.labels["service"], first?.level]).toEqual([services[name], "warn"]);
      }
    },
    180_000,
  );
});
