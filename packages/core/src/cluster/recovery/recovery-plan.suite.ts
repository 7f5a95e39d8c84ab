// For tests: a failover plan as its file declares it.
import { parseRecovery } from "./recovery-file.ts";
import type { RecoverySpec } from "./recovery-file.ts";

export const planText = (more: object = {}): string =>
  JSON.stringify({
    name: "shop",
    sites: [
      { name: "a", domain: "berlin" },
      { name: "b", domain: "paris" },
    ],
    engine: { domain: "office" },
    epochs: { kind: "etcd", endpoints: ["http://127.0.0.1:1"], domains: ["office"] },
    observers: [
      { name: "x", domain: "office", urls: { a: "http://127.0.0.1:1/a", b: "http://127.0.0.1:1/b" } },
      { name: "y", domain: "cloud", urls: { a: "http://127.0.0.1:1/a", b: "http://127.0.0.1:1/b" } },
    ],
    data: [{ name: "db", kind: "postgres", urls: { a: "postgres://a", b: "postgres://b" } }],
    probes: [{ name: "web", urls: { a: "http://127.0.0.1:1/a", b: "http://127.0.0.1:1/b" } }],
    ...more,
  });

export function planOf(more: object = {}): RecoverySpec {
  const parsed = parseRecovery("shop.yaml", planText(more));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}
