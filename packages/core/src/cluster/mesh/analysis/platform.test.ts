// What the mesh stands on: each rule with a mesh that breaks it and one that does not.
import { expect, test } from "bun:test";
import { judge, labelled, object, service } from "./fixture.suite.ts";
import type { Case } from "./fixture.suite.ts";

const webhook = (clientConfig: object) =>
  object(
    "ValidatingWebhookConfiguration",
    "istiod-default-validator",
    {},
    { rest: { webhooks: [{ name: "v", clientConfig }] } },
  );
const asked = (name: string, port = 443) => webhook({ service: { name, namespace: "istio-system", port } });
const istiod = service("istio-system/istiod", [{ name: "https-webhook", port: 443 }]);
const gatewayApi = (version: string) =>
  object(
    "CustomResourceDefinition",
    "gateways.gateway.networking.k8s.io",
    { group: "gateway.networking.k8s.io" },
    { meta: { annotations: { "gateway.networking.k8s.io/bundle-version": version } } },
  );
const networks = (registry: string) =>
  object(
    "ConfigMap",
    "istio-system/istio",
    {},
    { rest: { data: { meshNetworks: `networks:\n  n1:\n    endpoints:\n    - fromRegistry: ${registry}\n` } } },
  );
const remote = labelled("Secret", "istio-system/remote", { "istio/multiCluster": "true" }, { data: { east: "eA==" } });
const entry = (more: object) => [
  object("ServiceEntry", "e", { hosts: ["a.example"], ports: [{ number: 5432, protocol: "TCP" }], ...more }),
];
const elsewhere = (port: number) => ({ clusters: new Map([["west", [service("web", [{ name: "http", port }])]]]) });

const cases: readonly Case[] = [
  ["IST0126", [networks("west"), remote], [networks("east"), remote]],
  ["IST0134", entry({}), entry({ addresses: ["10.0.0.1"] })],
  ["IST0134", entry({ ports: [{ number: 1 }] }), entry({ ports: [{ number: 1, protocol: "HTTP" }] })],
  ["IST0139", [asked("istiod-gone"), istiod], [asked("istiod"), istiod]],
  ["IST0139", [asked("istiod", 15017), istiod], [asked("istiod", 443), istiod]],
  ["IST0141", [], [], { bad: { denied: [{ resource: "deployments", reason: "no" }] }, good: { denied: [] } }],
  ["IST0142", [], [], { bad: { kubernetesVersion: "v1.21.3" }, good: { kubernetesVersion: "v1.34.4" } }],
  ["IST0156", [gatewayApi("v0.8.0")], [gatewayApi("v1.4.0")]],
  ["IST0163", [webhook({ url: "https://not_a_host/x" })], [webhook({ url: "https://mesh.example/x" })]],
  ["IST0164", [webhook({ url: "https://10.0.0.1:15017/x" })], [webhook({ url: "https://mesh.example/x" })]],
  ["IST0165", [service("web")], [service("web")], { bad: elsewhere(81), good: elsewhere(80) }],
];

test.each(cases.map((each, index) => [each[0], index, each] as const))(
  "%s is found where it is, and only there (%d)",
  (_code, _index, each) => {
    expect(judge(each)).toEqual({ found: true, false: false });
  },
);
