// What objects of the mesh name: each rule with a mesh that breaks it and one that does not.
import { expect, test } from "bun:test";
import { injected, judge, object, service } from "./fixture.suite.ts";
import type { Case } from "./fixture.suite.ts";

const policy = (namespace: string) =>
  object("AuthorizationPolicy", "p", { rules: [{ from: [{ source: { namespaces: [namespace] } }] }] });
const sidecar = (host: string) => object("Sidecar", "s", { egress: [{ hosts: [host] }] });

const cases: readonly Case[] = [
  ["IST0101", [policy("nowhere"), injected], [policy("sh*"), injected]],
  [
    "IST0101",
    [sidecar("./gone.shop.svc.cluster.local")],
    [sidecar("./web.shop.svc.cluster.local"), sidecar("*/*"), service("web")],
  ],
];

test.each(cases.map((each, index) => [each[0], index, each] as const))(
  "%s is found where it is, and only there (%d)",
  (_code, _index, each) => {
    expect(judge(each)).toEqual({ found: true, false: false });
  },
);
