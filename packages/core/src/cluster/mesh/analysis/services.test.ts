// Services and what is behind them: each rule with a mesh that breaks it and one that does not.
import { expect, test } from "bun:test";
import { deployment, injected, judge, object, pod, service } from "./fixture.suite.ts";
import type { Case } from "./fixture.suite.ts";

const named = (name: string, ports: readonly object[]) => object("Service", name, { selector: { app: "web" }, ports });
const external = (name: string) =>
  object("Service", "out", { type: "ExternalName", externalName: "a.example", ports: [{ name, port: 443 }] });
const tokens = object("RequestAuthentication", "jwt", {
  selector: { matchLabels: { app: "web" } },
  jwtRules: [{ issuer: "i" }],
});
const http = { name: "http", port: 80, targetPort: 8080 };
const web = deployment("web");
const listening = (address: string) =>
  deployment("web", { containers: [{ name: "app", args: [`--listen=${address}`] }] });
const asUser = (runAsUser: number) =>
  deployment("web", { containers: [{ name: "app", securityContext: { runAsUser } }] });

const cases: readonly Case[] = [
  [
    "IST0116",
    [injected, web, named("a", [http]), named("b", [{ ...http, name: "tcp" }])],
    [injected, web, named("a", [http]), named("b", [http])],
  ],
  ["IST0118", [service("web", [{ name: "main", port: 80 }])], [service("web", [{ name: "http-main", port: 80 }])]],
  ["IST0118", [service("web", [{ port: 80 }])], [service("web", [{ port: 80, appProtocol: "http" }])]],
  [
    "IST0119",
    [tokens, pod("web"), service("web", [{ name: "tcp-x", port: 80 }])],
    [tokens, pod("web"), service("web")],
  ],
  [
    "IST0137",
    [injected, web, named("a", [http]), named("b", [{ ...http, port: 81 }])],
    [injected, web, named("a", [http]), named("b", [{ ...http, port: 81, targetPort: 8081 }])],
  ],
  [
    "IST0143",
    [service("web", [http]), listening("127.0.0.1:8080")],
    [service("web", [http]), listening("0.0.0.0:8080")],
  ],
  ["IST0144", [injected, asUser(1337)], [injected, asUser(1000)]],
  ["IST0150", [external("tcp")], [external("https")]],
];

test.each(cases.map((each, index) => [each[0], index, each] as const))(
  "%s is found where it is, and only there (%d)",
  (_code, _index, each) => {
    expect(judge(each)).toEqual({ found: true, false: false });
  },
);
