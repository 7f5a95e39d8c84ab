// Virtual services: each rule with a mesh that breaks it and one that does not.
import { expect, test } from "bun:test";
import { codesOf, judge, object, pod, service, to, virtualService } from "./fixture.suite.ts";
import type { Case } from "./fixture.suite.ts";

const http = (...routes: readonly object[]): object => ({ http: routes });
const plain = http({ route: [to("web")] });
const gateway = (hosts: readonly string[]) =>
  object("Gateway", "edge", {
    selector: { istio: "gateway" },
    servers: [{ port: { number: 80, protocol: "HTTP" }, hosts }],
  });
const gatewayPod = pod("gw", { istio: "gateway" });
const claimed = virtualService("a", {
  gateways: ["edge"],
  http: [{ match: [{ headers: { "@request.auth.claims.group": { exact: "a" } } }], route: [to("web")] }],
});
const tokens = object("RequestAuthentication", "jwt", {
  selector: { matchLabels: { istio: "gateway" } },
  jwtRules: [{ issuer: "i" }],
});
const subset = virtualService("a", http({ route: [to("web", { subset: "v1" })] }));
const rule = object("DestinationRule", "web", { host: "web", subsets: [{ name: "v1", labels: { version: "v1" } }] });
const ingress = (name: string) =>
  object("Ingress", "i", { rules: [{ http: { paths: [{ backend: { service: { name, port: { number: 80 } } } }] } }] });
const twoPorts = service("web", [
  { name: "http", port: 80 },
  { name: "http-admin", port: 81 },
]);
const get = { match: [{ uri: { prefix: "/a" } }], route: [to("web")] };
const regex = (text: string) => virtualService("a", http({ match: [{ uri: { regex: text } }], route: [to("web")] }));

const cases: readonly Case[] = [
  ["IST0101", [virtualService("a", plain)], [virtualService("a", plain), service("web")]],
  ["IST0101", [subset, service("web")], [subset, service("web"), rule]],
  [
    "IST0101",
    [virtualService("a", { gateways: ["edge"], ...plain }), service("web")],
    [virtualService("a", { gateways: ["edge"], ...plain }), service("web"), gateway(["web"]), gatewayPod],
  ],
  [
    "IST0101",
    [virtualService("a", http({ route: [to("web")], mirror: { host: "gone" } })), service("web")],
    [virtualService("a", http({ route: [to("web")], mirror: { host: "web" } })), service("web")],
  ],
  [
    "IST0109",
    [virtualService("a", plain), virtualService("b", plain), service("web")],
    [virtualService("a", plain), virtualService("b", { ...plain, hosts: ["other"] }), service("web")],
  ],
  [
    "IST0109",
    [
      virtualService("a", plain),
      virtualService("b", { ...plain, hosts: ["web.shop.svc.cluster.local"] }),
      service("web"),
    ],
    [virtualService("a", plain), virtualService("b", { ...plain, gateways: ["edge"] }), service("web")],
  ],
  [
    "IST0112",
    [virtualService("a", plain), twoPorts],
    [virtualService("a", http({ route: [to("web", { port: { number: 80 } })] })), twoPorts],
  ],
  ["IST0122", [regex("a(b"), service("web")], [regex("(?i)a[b-d]+"), service("web")]],
  ["IST0122", [regex("a(?!b)"), service("web")], [regex("(?P<name>a)"), service("web")]],
  [
    "IST0130",
    [virtualService("a", http({ route: [to("web")] }, get)), service("web")],
    [virtualService("a", http(get, { route: [to("web")] })), service("web")],
  ],
  [
    "IST0130",
    [virtualService("a", http(get, get)), service("web")],
    [virtualService("a", http(get, { match: [{ uri: { prefix: "/b" } }], route: [to("web")] })), service("web")],
  ],
  [
    "IST0131",
    [
      virtualService(
        "a",
        http(get, { match: [{ uri: { prefix: "/a" } }, { uri: { prefix: "/b" } }], route: [to("web")] }),
      ),
      service("web"),
    ],
    [
      virtualService(
        "a",
        http(get, { match: [{ uri: { prefix: "/c" } }, { uri: { prefix: "/b" } }], route: [to("web")] }),
      ),
      service("web"),
    ],
  ],
  [
    "IST0132",
    [virtualService("a", { gateways: ["edge"], ...plain }), gateway(["other.example"]), gatewayPod],
    [virtualService("a", { gateways: ["edge"], ...plain }), gateway(["*/*"]), gatewayPod],
  ],
  ["IST0140", [subset, rule, service("web"), ingress("web")], [subset, rule, service("web"), ingress("other")]],
  [
    "IST0149",
    [claimed, gateway(["*"]), gatewayPod, service("web")],
    [claimed, gateway(["*"]), gatewayPod, service("web"), tokens],
  ],
];

test.each(cases.map((each, index) => [each[0], index, each] as const))(
  "%s is found where it is, and only there (%d)",
  (_code, _index, each) => {
    expect(judge(each)).toEqual({ found: true, false: false });
  },
);

test("a service that another namespace keeps to itself is not there", () => {
  const hidden = object(
    "Service",
    "db/store",
    { ports: [{ name: "http", port: 80 }] },
    { meta: { annotations: { "networking.istio.io/exportTo": "." } } },
  );
  const route = virtualService("a", { hosts: ["x"], ...http({ route: [to("store.db.svc.cluster.local")] }) });
  expect(codesOf([route, hidden])).toContain("IST0101");
  expect(codesOf([route, { ...hidden, metadata: { ...hidden.metadata, annotations: {} } }])).not.toContain("IST0101");
});
