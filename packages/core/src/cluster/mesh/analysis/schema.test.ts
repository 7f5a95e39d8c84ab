// Single objects of the mesh: each rule with one that breaks it and one that does not.
import { expect, test } from "bun:test";
import { judge, object, service, to, virtualService } from "./fixture.suite.ts";
import type { Case } from "./fixture.suite.ts";

const web = service("web");
const route = (more: object) => [virtualService("a", { http: [{ route: [to("web")], ...more }] }), web];
const rule = (trafficPolicy: object) => [object("DestinationRule", "r", { host: "web", trafficPolicy }), web];
const weights = (...each: readonly number[]) => [
  virtualService("a", { http: [{ route: each.map((weight) => ({ ...to("web"), weight })) }] }),
  web,
];
const gateway = (server: object) => [object("Gateway", "g", { selector: {}, servers: [{ hosts: ["a"], ...server }] })];
const entry = (more: object) => [object("ServiceEntry", "e", { hosts: ["a.example"], ports: [], ...more })];
const ports = { mtls: { mode: "STRICT" }, portLevelMtls: { 80: { mode: "DISABLE" } } };
const policy = (spec: object) => [object("AuthorizationPolicy", "p", spec)];

const cases: readonly Case[] = [
  ["IST0002", route({ fault: { delay: { percent: 5 } } }), route({ fault: { delay: { percentage: { value: 5 } } } })],
  ["IST0002", route({ corsPolicy: { allowOrigin: ["a"] } }), route({ corsPolicy: { allowOrigins: [{ exact: "a" }] } })],
  ["IST0002", rule({ loadBalancer: { simple: "LEAST_CONN" } }), rule({ loadBalancer: { simple: "LEAST_REQUEST" } })],
  ["IST0106", [virtualService("a", {})], route({})],
  ["IST0106", route({ redirect: { uri: "/" } }), route({ timeout: "1s" })],
  ["IST0106", weights(0, 0), weights(50, 50)],
  ["IST0106", route({ mirrorPercentage: { value: 150 } }), route({ mirrorPercentage: { value: 50 } })],
  [
    "IST0106",
    gateway({ port: { number: 443, protocol: "HTTPS" } }),
    gateway({ port: { number: 80, protocol: "HTTP" } }),
  ],
  [
    "IST0106",
    gateway({ port: { number: 443, protocol: "HTTPS" }, tls: { mode: "SIMPLE" } }),
    gateway({ port: { number: 443, protocol: "HTTPS" }, tls: { mode: "SIMPLE", credentialName: "c" } }),
  ],
  ["IST0106", entry({ resolution: "STATIC" }), entry({ resolution: "DNS" })],
  [
    "IST0106",
    [object("PeerAuthentication", "p", ports)],
    [object("PeerAuthentication", "p", { ...ports, selector: { matchLabels: { app: "web" } } })],
  ],
  ["IST0106", policy({ action: "CUSTOM" }), policy({ action: "CUSTOM", provider: { name: "opa" } })],
  ["IST0133", weights(100, 0), weights(90, 10)],
  [
    "IST0133",
    rule({ loadBalancer: { localityLbSetting: { enabled: true } } }),
    rule({ loadBalancer: { localityLbSetting: { enabled: true } }, outlierDetection: {} }),
  ],
  ["IST0133", policy({ action: "DENY", rules: [{}] }), policy({ action: "DENY", rules: [{ to: [{}] }] })],
];

test.each(cases.map((each, index) => [each[0], index, each] as const))(
  "%s is found where it is, and only there (%d)",
  (_code, _index, each) => {
    expect(judge(each)).toEqual({ found: true, false: false });
  },
);
