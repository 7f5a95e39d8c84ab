// Epochs in etcd, by its JSON gateway: reads are linearizable unless asked otherwise, and a change is a transaction on the revision that
// was read. Source: etcd's api/v3 `rpc.proto` and its gateway, where keys, values and figures are text.
import type { HttpTransport } from "../../ports.ts";
import type { Claim, EpochStore, Silent, Stale } from "../drivers.ts";

const attemptsMax = 20;

interface KeyValue {
  readonly value?: string;
  readonly mod_revision?: string;
}
interface RangeAnswer {
  readonly kvs?: readonly KeyValue[];
}

export function etcdEpochs(p: {
  readonly endpoints: readonly string[];
  readonly prefix: string;
  /** Of the recovery. */
  readonly name: string;
  readonly transport: HttpTransport;
  readonly timeoutMs: number;
}): EpochStore {
  const etcd = new Etcd(p);
  const at = `${p.prefix}${p.name}`;
  return {
    read: () => etcd.guarded(async () => ({ outcome: "ok" as const, claim: (await etcd.claim(at)).claim })),
    begin: ({ site }) =>
      etcd.guarded(async () => {
        const claim: Claim = { epoch: 1, attempt: "", active: { site, epoch: 1 } };
        await etcd.change({ when: [[at, "0"]], put: [[at, JSON.stringify(claim)]] });
        return { outcome: "ok" as const, claim: (await etcd.claim(at)).claim ?? claim };
      }),
    claim: ({ attempt }) =>
      etcd.guarded<{ readonly outcome: "ok"; readonly claim: Claim } | Stale | Silent>(async () => {
        const own = `${at}/attempts/${attempt}`;
        for (let tries = 0; tries < attemptsMax; tries++) {
          const { claim, revision } = await etcd.claim(at);
          if (claim === undefined) return { outcome: "silent", reason: "nobody has begun with epochs" };
          if (claim.attempt === attempt) return { outcome: "ok", claim };
          if ((await etcd.range(own)) !== undefined) return { outcome: "stale" };
          const next: Claim = { ...claim, epoch: claim.epoch + 1, attempt };
          const put: [string, string][] = [
            [at, JSON.stringify(next)],
            [own, String(next.epoch)],
          ];
          if (await etcd.change({ when: [[at, revision]], put })) return { outcome: "ok", claim: next };
        }
        return { outcome: "silent", reason: "others change the epoch all the time" };
      }),
    conclude: ({ attempt, epoch, site }) =>
      etcd.guarded<{ readonly outcome: "ok" } | Stale | Silent>(async () => {
        for (let tries = 0; tries < attemptsMax; tries++) {
          const { claim, revision } = await etcd.claim(at);
          if (claim?.epoch !== epoch || claim.attempt !== attempt) return { outcome: "stale" };
          const next: Claim = { ...claim, active: { site, epoch } };
          if (await etcd.change({ when: [[at, revision]], put: [[at, JSON.stringify(next)]] }))
            return { outcome: "ok" };
        }
        return { outcome: "silent", reason: "others change the epoch all the time" };
      }),
  };
}

const coded = (text: string): string => btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
const decoded = (text: string): string =>
  new TextDecoder().decode(Uint8Array.from(atob(text), (each) => each.codePointAt(0) ?? 0));

class Etcd {
  readonly #endpoints: readonly string[];
  readonly #transport: HttpTransport;
  readonly #timeoutMs: number;

  constructor(p: {
    readonly endpoints: readonly string[];
    readonly transport: HttpTransport;
    readonly timeoutMs: number;
  }) {
    this.#endpoints = p.endpoints;
    this.#transport = p.transport;
    this.#timeoutMs = p.timeoutMs;
  }

  async guarded<T>(work: () => Promise<T>): Promise<T | Silent> {
    try {
      return await work();
    } catch (error) {
      return { outcome: "silent", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  async range(key: string): Promise<KeyValue | undefined> {
    return ((await this.#ask("/v3/kv/range", { key: coded(key) })) as RangeAnswer).kvs?.[0];
  }

  async claim(key: string): Promise<{ readonly claim: Claim | undefined; readonly revision: string }> {
    const found = await this.range(key);
    const claim = found?.value === undefined ? undefined : (JSON.parse(decoded(found.value)) as Claim);
    return { claim, revision: found?.mod_revision ?? "0" };
  }

  /** Whether it was made: only where each key still has the revision that was read. */
  async change(p: {
    readonly when: readonly (readonly [string, string])[];
    readonly put: readonly (readonly [string, string])[];
  }): Promise<boolean> {
    const compare = p.when.map(([key, revision]) => ({
      key: coded(key),
      target: "MOD",
      result: "EQUAL",
      mod_revision: revision,
    }));
    const success = p.put.map(([key, value]) => ({ request_put: { key: coded(key), value: coded(value) } }));
    const answer = (await this.#ask("/v3/kv/txn", { compare, success })) as { readonly succeeded?: boolean };
    return answer.succeeded === true;
  }

  /** The first member that answers; a change that was sent to one and not answered is found by looking. */
  async #ask(path: string, body: object): Promise<unknown> {
    let failure = "no endpoint";
    for (const server of this.#endpoints) {
      try {
        const answer = await this.#transport.send(
          { server: server.replace(/\/$/, ""), insecure: false },
          {
            method: "POST",
            path,
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body),
            signal: AbortSignal.timeout(this.#timeoutMs),
          },
        );
        const said = await answer.text();
        if (answer.status === 200) return JSON.parse(said) as unknown;
        failure = `${server} answers ${answer.status}: ${said.slice(0, 200)}`;
      } catch (error) {
        failure = `${server}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    throw new Error(failure);
  }
}
