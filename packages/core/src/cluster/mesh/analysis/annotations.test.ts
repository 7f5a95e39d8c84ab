// Annotations of the mesh: each rule with a mesh that breaks it and one that does not.
import { expect, test } from "bun:test";
import { deployment, judge, object, pod } from "./fixture.suite.ts";
import type { Case } from "./fixture.suite.ts";

const on = (annotations: object) => [pod("web", { app: "web" }, {}, annotations)];
const inTemplate = (annotations: object) => [deployment("web", {}, { annotations })];
const onDeployment = (annotations: object) => [object("Deployment", "web", {}, { meta: { annotations } })];

const cases: readonly Case[] = [
  [
    "IST0107",
    onDeployment({ "sidecar.istio.io/proxyCPU": "100m" }),
    inTemplate({ "sidecar.istio.io/proxyCPU": "100m" }),
  ],
  [
    "IST0107",
    on({ "networking.istio.io/exportTo": "." }),
    [object("Service", "web", {}, { meta: { annotations: { "networking.istio.io/exportTo": "." } } })],
  ],
  ["IST0108", on({ "sidecar.istio.io/unheardOf": "x" }), on({ "example.com/unheardOf": "x" })],
  [
    "IST0125",
    on({ "traffic.sidecar.istio.io/excludeInboundPorts": "http" }),
    on({ "traffic.sidecar.istio.io/excludeInboundPorts": "80,443" }),
  ],
  [
    "IST0125",
    on({ "sidecar.istio.io/proxyImageType": "slim" }),
    on({ "sidecar.istio.io/proxyImageType": "distroless" }),
  ],
  [
    "IST0135",
    on({ "sidecar.istio.io/inject": "true" }),
    [pod("web", { app: "web", "sidecar.istio.io/inject": "true" })],
  ],
  ["IST0136", on({ "sidecar.istio.io/logLevel": "debug" }), on({ "sidecar.istio.io/proxyImage": "i" })],
];

test.each(cases.map((each, index) => [each[0], index, each] as const))(
  "%s is found where it is, and only there (%d)",
  (_code, _index, each) => {
    expect(judge(each)).toEqual({ found: true, false: false });
  },
);
