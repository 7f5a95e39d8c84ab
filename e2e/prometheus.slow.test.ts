// The figures of a server, as Prometheus' own tool reads them.
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { fetchPrometheus, promtool } from "./debian-shippers.suite.ts";
import { LogRig, token } from "./log-rig.ts";

// Bun's tests have to know at once what is skipped.
const refusal = fetchPrometheus();
if (refusal !== undefined) console.warn(`skipped: no promtool: ${refusal}`);

test.skipIf(refusal !== undefined)(
  "figures pass promtool's checks, names and units included",
  async () => {
    await using rig = await LogRig.start();
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ["/health", "/api/v1/runs", "/no/such/path"]) await fetch(rig.url + path, { headers });
    const response = await fetch(`${rig.url}/metrics`, { headers });
    const text = await response.text();
    expect([response.status, text.includes("sluice_uptime_seconds")]).toEqual([200, true]);
    const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], { input: text, encoding: "utf8" });
    expect([status, stdout, stderr]).toEqual([0, "", ""]);
    const broken = spawnSync(promtool, ["check", "metrics"], { input: `${text}no sample\n`, encoding: "utf8" });
    expect(broken.status).not.toBe(0);
  },
  120_000,
);
