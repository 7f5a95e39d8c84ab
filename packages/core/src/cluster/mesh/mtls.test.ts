// Which mutual TLS counts: the nearest policy that says something, the oldest of several.
import { expect, test } from "bun:test";
import { object } from "./analysis/fixture.suite.ts";
import { MeshView } from "./analysis/view.ts";
import { mtlsOf } from "./mtls.ts";

const policy = (name: string, mode: string, more: object = {}, meta: object = {}) =>
  object("PeerAuthentication", name, { mtls: { mode }, ...more }, { meta });
const web = { namespace: "shop", labels: { app: "web" } };

test("workload before namespace before mesh, and what is unset asks further up", () => {
  const mesh = policy("istio-system/default", "STRICT");
  const own = policy("default", "DISABLE");
  const chosen = policy("web", "PERMISSIVE", { selector: { matchLabels: { app: "web" } } });
  expect(mtlsOf(web, new MeshView([]))).toEqual({ mode: "PERMISSIVE", by: "the mesh's default" });
  expect(mtlsOf(web, new MeshView([mesh])).mode).toBe("STRICT");
  expect(mtlsOf(web, new MeshView([mesh, own])).mode).toBe("DISABLE");
  expect(mtlsOf(web, new MeshView([mesh, own, chosen]))).toEqual({
    mode: "PERMISSIVE",
    by: "PeerAuthentication.security.istio.io shop/web",
  });
  expect(mtlsOf({ ...web, labels: {} }, new MeshView([mesh, own, chosen])).mode).toBe("DISABLE");
  expect(mtlsOf(web, new MeshView([mesh, policy("default", "UNSET")])).mode).toBe("STRICT");
});

test("the oldest of several counts", () => {
  const [late, early] = [
    policy("a", "DISABLE", {}, { creationTimestamp: "2026-02-01T00:00:00Z" }),
    policy("b", "STRICT", {}, { creationTimestamp: "2026-01-01T00:00:00Z" }),
  ];
  expect(mtlsOf(web, new MeshView([late, early])).mode).toBe("STRICT");
});
