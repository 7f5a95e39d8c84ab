// Each rule of readiness, found and not found.
import { describe, expect, test } from "bun:test";
import type { DataLook } from "./drivers.ts";
import { domainFindings, readinessOf } from "./readiness.ts";
import type { Seen } from "./readiness.ts";
import { planOf } from "./recovery-plan.suite.ts";

const primary: DataLook = {
  outcome: "ok",
  role: "primary",
  open: true,
  position: 10,
  fence: 1,
  mark: { epoch: 1, writer: "a", synchronous: true },
  streaming: false,
};
const standby: DataLook = { ...primary, role: "standby", open: false, streaming: true };
const claim = { epoch: 1, attempt: "", active: { site: "a", epoch: 1 } };
const dayMs = 86_400_000;
const seen: Seen = {
  now: 1_000 * dayMs,
  epochs: { outcome: "ok", claim },
  data: [
    { name: "db", site: "a", look: primary },
    { name: "db", site: "b", look: standby },
  ],
  traffic: [{ name: "edge", look: { outcome: "ok", site: "a" } }],
  lastDrillAt: 999 * dayMs,
  unreviewed: [],
};
const rulesOf = (more: object, what: Partial<Seen> = {}) =>
  readinessOf(planOf(more), { ...seen, ...what }).findings.map(({ rule, site }) => `${rule} ${site ?? "-"}`);
const silent = { outcome: "silent", reason: "no answer" } as const;

test("a plan that lacks nothing is ready", () => {
  expect(readinessOf(planOf(), seen)).toEqual({ at: seen.now, ready: true, active: "a", epoch: 1, findings: [] });
});

describe("what decides or acts must not be where the failure is", () => {
  test.each([
    [{ engine: { domain: "berlin" } }, "engine-in-failure-domain a"],
    [{ engine: { domain: "office", database: "paris" } }, "database-in-failure-domain b"],
    [{ engine: { domain: "office", identity: "berlin" } }, "identity-in-failure-domain a"],
    [
      { epochs: { kind: "etcd", endpoints: ["http://x"], domains: ["berlin", "office"] } },
      "epochs-in-failure-domain a",
    ],
  ])("%j", (more, found) => expect(rulesOf(more)).toEqual([found]));

  test("a store of epochs with its majority elsewhere outlives a site", () => {
    const epochs = { kind: "etcd", endpoints: ["http://x"], domains: ["berlin", "office", "cloud"] };
    expect(domainFindings(planOf({ epochs }))).toEqual([]);
  });

  test("two sites in one domain are one", () => {
    const sites = [
      { name: "a", domain: "berlin" },
      { name: "b", domain: "berlin" },
    ];
    expect(rulesOf({ sites })).toContain("sites-share-domain -");
  });
});

test.each([
  [{ observers: [] }, {}, ["too-few-observers a", "too-few-observers b"]],
  [{}, { epochs: silent }, ["epochs-unreachable -"]],
  [{}, { epochs: { outcome: "refused", rule: "epochs-asynchronous", reason: "x" } }, ["epochs-asynchronous -"]],
  [{}, { data: [{ name: "db", site: "b", look: silent }] }, ["data-unreachable b"]],
  [{}, { data: [{ name: "db", site: "b", look: { ...standby, streaming: false } }] }, ["standby-not-following a"]],
  [{}, { data: [{ name: "db", site: "b", look: { ...standby, mark: undefined } }] }, ["not-protected a"]],
  [{}, { traffic: [{ name: "edge", look: silent }] }, ["traffic-unreachable -"]],
  [{}, { traffic: [{ name: "edge", look: { outcome: "ok", site: "b" } }] }, ["traffic-elsewhere -"]],
  [{ probes: [] }, {}, ["no-probe -"]],
  [{}, { lastDrillAt: undefined }, ["no-recent-drill -"]],
  [{}, { lastDrillAt: 900 * dayMs }, ["no-recent-drill -"]],
  [{}, { unreviewed: ["fail_1"] }, ["break-glass-unreviewed -"]],
] as const)("%j with %j", (more, what, found) => {
  expect(rulesOf(more, what as Partial<Seen>)).toEqual([...found]);
});
