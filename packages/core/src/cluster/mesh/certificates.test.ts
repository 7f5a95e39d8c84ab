// Certificates of a mesh: how long they are good, wherever they are.
import { beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificatesOf } from "./certificates.ts";
import { object } from "./analysis/fixture.suite.ts";

const dayMs = 86_400_000;
let pem = "";

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-certificate-"));
  const subject = ["-subj", "/O=mesh/CN=root", "-days", "100"];
  const made = Bun.spawnSync([
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    join(folder, "key"),
    "-out",
    join(folder, "crt"),
    ...subject,
  ]);
  expect(made.exitCode).toBe(0);
  pem = readFileSync(join(folder, "crt"), "utf8");
  rmSync(folder, { recursive: true });
});

const encoded = (text: string): string => Buffer.from(text).toString("base64");

test("linkerd2#9612: one that is about to expire is not good, and one that has is worse", () => {
  const authority = object(
    "Secret",
    "istio-system/cacerts",
    {},
    { rest: { data: { "ca-cert.pem": encoded(pem), "ca-key.pem": "(secret)" } } },
  );
  const at = (days: number) =>
    certificatesOf([authority], { now: Date.now() + days * dayMs, soonMs: 30 * dayMs }).map(({ state }) => state);
  expect([at(0), at(80), at(101)]).toEqual([["good"], ["soon"], ["expired"]]);
  expect(certificatesOf([authority], { now: 0, soonMs: 0 })).toMatchObject([
    { source: "Secret istio-system/cacerts ca-cert.pem", subject: "O=mesh, CN=root" },
  ]);
});

test("roots, webhooks and gateways have some; what is none says so; other secrets are nobody's", () => {
  const found = certificatesOf(
    [
      object("ConfigMap", "istio-system/istio-ca-root-cert", {}, { rest: { data: { "root-cert.pem": pem } } }),
      object(
        "MutatingWebhookConfiguration",
        "istio-sidecar-injector",
        {},
        { rest: { webhooks: [{ name: "w", clientConfig: { caBundle: encoded(pem) } }] } },
      ),
      object(
        "Secret",
        "shop/edge",
        {},
        { rest: { type: "kubernetes.io/tls", data: { "tls.crt": encoded("no certificate") } } },
      ),
      object("Secret", "shop/other", {}, { rest: { type: "Opaque", data: { "tls.crt": encoded(pem) } } }),
    ],
    { now: Date.now(), soonMs: 0 },
  );
  expect(found.map(({ source, state }) => [source, state])).toEqual([
    ["Secret shop/edge tls.crt", "unreadable"],
    ["ConfigMap istio-system/istio-ca-root-cert root-cert.pem", "good"],
    ["MutatingWebhookConfiguration.admissionregistration.k8s.io istio-sidecar-injector w", "good"],
  ]);
});
