// The whole analysis: every code has fixtures both ways, a mesh in order has nothing, and what its author silences stays silent.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { analyze } from "./analyze.ts";
import { codesOf, deployment, injected, object, pod, service, to, virtualService } from "./fixture.suite.ts";
import { meshMessages } from "./messages.ts";

test("at least sixty codes are known, and each has a mesh with it and one without it", () => {
  const tests = readdirSync(import.meta.dir).filter((name) => name.endsWith(".test.ts"));
  const text = tests.map((name) => readFileSync(join(import.meta.dir, name), "utf8")).join("\n");
  const codes = Object.keys(meshMessages);
  expect(codes.length).toBeGreaterThanOrEqual(60);
  expect(codes.filter((code) => !new RegExp(`\\[\\s*"${code}",`).test(text))).toEqual([]);
});

test("a mesh in order has no finding", () => {
  const mesh = [
    injected,
    service("web"),
    deployment("web"),
    pod("web-1", { app: "web", version: "v1" }),
    object("DestinationRule", "web", {
      host: "web",
      subsets: [
        { name: "v1", labels: { version: "v1" } },
        { name: "v2", labels: { version: "v2" } },
      ],
    }),
    virtualService("web", {
      http: [
        {
          route: [
            { ...to("web", { subset: "v1" }), weight: 90 },
            { ...to("web", { subset: "v2" }), weight: 10 },
          ],
        },
      ],
    }),
    object("PeerAuthentication", "istio-system/default", { mtls: { mode: "STRICT" } }),
  ];
  expect(analyze(mesh)).toEqual([]);
});

test("errors come first; findings that an object's author does not want are left out", () => {
  const broken = virtualService("a", { http: [{ route: [to("gone")] }] });
  const odd = service("web", [{ name: "main", port: 80 }]);
  expect(codesOf([odd, broken])).toEqual(["IST0101", "IST0118"]);
  const silenced = {
    ...odd,
    metadata: { ...odd.metadata, annotations: { "galley.istio.io/analyze-suppress": "IST0118,IST0136" } },
  };
  expect(codesOf([silenced, broken])).toEqual(["IST0101"]);
});
