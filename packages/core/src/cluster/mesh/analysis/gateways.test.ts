// Gateways: each rule with a mesh that breaks it and one that does not.
import { expect, test } from "bun:test";
import { judge, object, pod, service } from "./fixture.suite.ts";
import type { Case } from "./fixture.suite.ts";

const labels = { app: "gw" };
const gateway = (name: string, servers: readonly object[], selector: object = labels) =>
  object("Gateway", name, { selector, servers });
const plain = (hosts = ["a.example"], number = 80) => ({ port: { number, protocol: "HTTP" }, hosts });
const secure = (credentialName: string, host = "a.example") => ({
  port: { number: 443, protocol: "HTTPS" },
  hosts: [host],
  tls: { mode: "SIMPLE", credentialName },
});
const carrier = pod("gw", labels);
const secret = (data: object) => object("Secret", "cert", {}, { rest: { data } });
const whole = secret({ "tls.crt": "eA==", "tls.key": "eA==" });
const two = (first: object, second: object) => [gateway("one", [first]), gateway("two", [second]), carrier];

const cases: readonly Case[] = [
  ["IST0101", [gateway("g", [plain()])], [gateway("g", [plain()]), carrier]],
  ["IST0101", [gateway("g", [secure("cert")]), carrier], [gateway("g", [secure("cert")]), carrier, whole]],
  [
    "IST0138",
    [...two(secure("cert"), secure("cert", "b.example")), whole],
    [...two(secure("cert"), secure("other", "b.example")), whole],
  ],
  ["IST0145", two(plain(), plain()), two(plain(), plain(["b.example"]))],
  ["IST0145", two(plain(["*.example"]), plain(["b.example"])), two(plain(), plain(["a.example"], 81))],
  [
    "IST0161",
    [gateway("g", [secure("cert")]), carrier, secret({ "tls.crt": "eA==" })],
    [gateway("g", [secure("cert")]), carrier, whole],
  ],
  [
    "IST0162",
    [gateway("g", [plain([], 8080)]), carrier, service("gw")],
    [gateway("g", [plain([], 8080)]), carrier, service("gw", [{ name: "http", port: 80, targetPort: 8080 }])],
  ],
];

test.each(cases.map((each, index) => [each[0], index, each] as const))(
  "%s is found where it is, and only there (%d)",
  (_code, _index, each) => {
    expect(judge(each)).toEqual({ found: true, false: false });
  },
);
