// Destination rules: each rule with a mesh that breaks it and one that does not.
import { expect, test } from "bun:test";
import { judge, object, service } from "./fixture.suite.ts";
import type { Case } from "./fixture.suite.ts";

const rule = (trafficPolicy: object, host = "web") => object("DestinationRule", "r", { host, trafficPolicy });
const tls = (mode: string, more: object = {}) => ({ tls: { mode, ...more } });
const port = (settings: object) => ({ portLevelSettings: [{ port: { number: 443 }, ...settings }] });
const policy = (mode: string, name = "shop/default") => object("PeerAuthentication", name, { mtls: { mode } });
const web = service("web");

const cases: readonly Case[] = [
  ["IST0113", [rule(tls("DISABLE")), policy("STRICT"), web], [rule(tls("ISTIO_MUTUAL")), policy("STRICT"), web]],
  ["IST0113", [rule(tls("ISTIO_MUTUAL")), policy("DISABLE"), web], [rule(tls("DISABLE")), policy("PERMISSIVE"), web]],
  [
    "IST0113",
    [rule(tls("DISABLE")), policy("STRICT", "istio-system/default"), web],
    [rule(tls("DISABLE")), policy("STRICT", "other/default"), web],
  ],
  ["IST0128", [rule(tls("SIMPLE")), web], [rule(tls("SIMPLE", { caCertificates: "/ca.pem" })), web]],
  ["IST0128", [rule(tls("MUTUAL")), web], [rule(tls("ISTIO_MUTUAL")), web]],
  ["IST0129", [rule(port(tls("SIMPLE"))), web], [rule(port(tls("SIMPLE", { credentialName: "ca" }))), web]],
  ["IST0174", [rule({}, "nobody")], [rule({}, "web"), web]],
  ["IST0174", [rule({}, "*.db.svc.cluster.local"), web], [rule({}, "*.shop.svc.cluster.local"), web]],
];

test.each(cases.map((each, index) => [each[0], index, each] as const))(
  "%s is found where it is, and only there (%d)",
  (_code, _index, each) => {
    expect(judge(each)).toEqual({ found: true, false: false });
  },
);
