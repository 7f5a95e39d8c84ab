// Certificates that a mesh stands on, and how long they are good. Only what everybody may see is read: never a key.
import { X509Certificate } from "node:crypto";
import { asRecord, at, keyOf, listAt, refOf, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import { rootNamespace } from "./analysis/view.ts";

type CertificateState = "good" | "soon" | "expired" | "unreadable";

export interface MeshCertificate {
  /** The object it is in, and where in it. */
  readonly source: string;
  readonly subject: string;
  /** Milliseconds since 1970; undefined where it cannot be read. */
  readonly notAfter: number | undefined;
  readonly state: CertificateState;
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** What of a secret may be read: certificates that are shown to everybody. */
export const publicKeys = ["ca-cert.pem", "root-cert.pem", "cert-chain.pem", "tls.crt", "ca.crt", "cert"];
const authorities = new Set(["cacerts", "istio-ca-secret"]);

/** Certificates of the authority, of the roots that workloads trust, of webhooks, and of gateways. */
export function certificatesOf(
  objects: readonly KubeObject[],
  { now, soonMs }: { readonly now: number; readonly soonMs: number },
): readonly MeshCertificate[] {
  const found: MeshCertificate[] = [];
  const read = (object: KubeObject, where: string, pem: string): void => {
    const source = `${keyOf(refOf(object))} ${where}`;
    for (const each of pem.match(pemBlock) ?? [pem]) found.push(judged(source, each, { now, soonMs }));
  };
  for (const object of objects) {
    const { name, namespace } = object.metadata;
    if (object.kind === "Secret" && isOfMesh(object)) for (const key of publicKeys) readData(object, key, read);
    if (object.kind === "ConfigMap" && name === "istio-ca-root-cert" && namespace === rootNamespace)
      read(object, "root-cert.pem", textAt(object, "data", "root-cert.pem") ?? "");
    if (object.kind.endsWith("WebhookConfiguration") && name.startsWith("istio"))
      for (const webhook of listAt(object, "webhooks")) {
        const bundle = textAt(webhook, "clientConfig", "caBundle");
        if (bundle !== undefined && bundle !== "") read(object, textAt(webhook, "name") ?? "", decoded(bundle));
      }
  }
  const seen = new Map(found.map((each) => [`${each.source} ${each.subject} ${each.notAfter ?? ""}`, each]));
  return [...seen.values()].toSorted((a, b) => (a.notAfter ?? 0) - (b.notAfter ?? 0));
}

function isOfMesh({ metadata, ...rest }: KubeObject): boolean {
  if (metadata.namespace === rootNamespace && authorities.has(metadata.name)) return true;
  return rest["type"] === "kubernetes.io/tls";
}

function readData(
  object: KubeObject,
  key: string,
  read: (object: KubeObject, where: string, pem: string) => void,
): void {
  const value = asRecord(at(object, "data"))?.[key];
  if (typeof value === "string" && value !== "") read(object, key, decoded(value));
}

function decoded(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}

function judged(
  source: string,
  pem: string,
  { now, soonMs }: { readonly now: number; readonly soonMs: number },
): MeshCertificate {
  try {
    const { subject, validTo } = new X509Certificate(pem);
    const notAfter = Date.parse(validTo);
    const state = notAfter <= now ? "expired" : notAfter - now <= soonMs ? "soon" : "good";
    return { source, subject: subject.replaceAll("\n", ", "), notAfter, state };
  } catch {
    return { source, subject: "", notAfter: undefined, state: "unreadable" };
  }
}
