// What is meant for some workloads: each rule with a mesh that breaks it and one that does not.
import { expect, test } from "bun:test";
import { judge, labelled, object, pod } from "./fixture.suite.ts";
import type { Case } from "./fixture.suite.ts";

const sidecar = (name: string, app?: string) =>
  object("Sidecar", name, {
    egress: [{ hosts: ["./*"] }],
    ...(app === undefined ? {} : { workloadSelector: { labels: { app } } }),
  });
const telemetry = (name: string, part: string, app?: string) =>
  object("Telemetry", name, {
    [part]: [{ providers: [{ name: "p" }] }],
    ...(app === undefined ? {} : { selector: { matchLabels: { app } } }),
  });
const providers = (given: readonly object[]) => object("Telemetry", "t", { metrics: [{ providers: given }] });
const policy = (app: string) => object("AuthorizationPolicy", "p", { selector: { matchLabels: { app } } });
const web = pod("web");
const waypoint = pod("wp", { app: "wp", "gateway.networking.k8s.io/gateway-name": "wp" });
const ambient = labelled("Namespace", "shop", { "istio.io/dataplane-mode": "ambient" });

const cases: readonly Case[] = [
  [
    "IST0110",
    [sidecar("a", "web"), sidecar("b", "web"), web],
    [sidecar("a", "web"), sidecar("b", "db"), web, pod("db")],
  ],
  ["IST0111", [sidecar("a"), sidecar("b")], [sidecar("a"), sidecar("other/b")]],
  ["IST0127", [policy("none"), web], [policy("web"), web]],
  ["IST0127", [sidecar("a", "none"), web], [sidecar("a", "web"), web]],
  ["IST0157", [providers([])], [providers([{ name: "prometheus" }])]],
  [
    "IST0159",
    [telemetry("a", "metrics", "web"), telemetry("b", "metrics", "web"), web],
    [telemetry("a", "metrics", "web"), telemetry("b", "tracing", "web"), web],
  ],
  [
    "IST0160",
    [telemetry("a", "metrics"), telemetry("b", "metrics")],
    [telemetry("a", "metrics"), telemetry("other/b", "metrics")],
  ],
  ["IST0166", [policy("wp"), waypoint], [policy("web"), web]],
  ["IST0167", [sidecar("a"), ambient], [sidecar("a"), labelled("Namespace", "shop", { "istio-injection": "enabled" })]],
  ["IST0167", [sidecar("a", "web"), ambient, web], [sidecar("a", "web"), web]],
];

test.each(cases.map((each, index) => [each[0], index, each] as const))(
  "%s is found where it is, and only there (%d)",
  (_code, _index, each) => {
    expect(judge(each)).toEqual({ found: true, false: false });
  },
);
