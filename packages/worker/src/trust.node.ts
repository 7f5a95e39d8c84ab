// Certificates of one's own for WebSockets and requests, which each runtime is told in another way. Node's modules, which Bun and Deno
// have as well.
import tls from "node:tls";
import { SluiceError } from "@sluice/protocol";

/** Handed to `new WebSocket` and to `fetch` beside what else they get. */
export type Trust = Readonly<Record<string, unknown>>;

/** What Deno has for it. */
interface DenoClients {
  createHttpClient(options: { readonly caCerts: readonly string[] }): unknown;
}

/** Since 22.19 and 24.5. */
interface NodeTrust {
  readonly getCACertificates?: (kind: "default") => readonly string[];
  readonly setDefaultCACertificates?: (certificates: readonly string[]) => void;
}

/**
 * Has connections trust what a file in PEM format holds. On Node all connections of this program, since it has no other way. Throws
 * `invalid_config` where this version of it has not even that.
 */
export function trusting(ca: string): Trust {
  const { Bun: bun, Deno: deno } = globalThis as { readonly Bun?: unknown; readonly Deno?: DenoClients };
  if (bun !== undefined) return { tls: { ca } };
  if (deno !== undefined) return { client: deno.createHttpClient({ caCerts: [ca] }) };
  const { getCACertificates, setDefaultCACertificates } = tls as NodeTrust;
  if (getCACertificates === undefined || setDefaultCACertificates === undefined) {
    throw new SluiceError({
      code: "invalid_config",
      message: `Node ${process.versions.node} takes no certificates for WebSockets and requests by itself.`,
      hint: "Start it with NODE_EXTRA_CA_CERTS=FILE in place of --ca, or use Node 22.19, 24.5 or newer.",
    });
  }
  setDefaultCACertificates([...getCACertificates("default"), ca]);
  return {};
}
