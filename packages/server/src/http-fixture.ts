// For tests of this package only: a real engine with a worker in the same process, behind the real HTTP side.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheLimits, Engine, Ids, systemClock, systemRandom } from "@sluice/core";
import type { BlobStore, EngineLimits, Logger, EngineOptions } from "@sluice/core";
import { Identity, openKeyFolder } from "@sluice/core/identity";
import type { IdentitySettings } from "@sluice/core/identity";
import { PayloadVault, Vault } from "@sluice/core/secrets";
import { MemoryRunStore } from "@sluice/core/store/memory";
import { openBlobs } from "@sluice/core/store/sqlite";
import type { FileBlobs } from "@sluice/core/store/sqlite";
import { Cache, hmacSigner } from "@sluice/core/builds/cache";
import type { Clusters } from "@sluice/core/cluster";
import type { Fleet } from "@sluice/core/workers";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { valueMediaType } from "@sluice/protocol/http";
import type { Workflow } from "@sluice/sdk";
import { attachInProcess, manifestOf, systemWorkerClock, workerLimits } from "@sluice/worker";
import { AsyncStepScope } from "@sluice/worker/step-scope";
import type { Connections } from "./call.ts";
import { ScopedBlobs } from "./blobs/scoped-blobs.ts";
import { createHttp } from "./http.ts";
import type { Http, HttpOptions } from "./http.ts";
import { httpLimits } from "./limits.ts";
import type { HttpLimits } from "./limits.ts";

export const token = "test-token-0123456789";

export interface LogRecord {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every form
  readonly body: any;
}

export interface FixtureOptions {
  readonly trace?: EngineOptions["trace"];
  readonly identity?: Partial<IdentitySettings>;
  readonly workflows?: readonly Workflow[];
  readonly http?: Partial<HttpOptions>;
  readonly limits?: Partial<EngineLimits>;
  /** Of the room of clusters. */
  readonly clusterLimits?: Readonly<Record<string, number>>;
  /** Where large values are kept; without it all of them stay in their rows. */
  readonly blobs?: BlobStore;
  /** Milliseconds a run waits in memory before it is parked. */
  readonly parkAfterMs?: number;
  /** False: the code is deployed, but no worker of it is up. */
  readonly worker?: boolean;
}

const base = "http://127.0.0.1:7890";

/** An engine, a worker and the HTTP side. */
export class HttpFixture implements AsyncDisposable {
  readonly engine: Engine;
  readonly http: Http;
  readonly store: MemoryRunStore;
  /** What is stored over HTTP. */
  readonly files: FileBlobs;
  readonly vault: Vault;
  readonly payloads: PayloadVault;
  readonly identity: Identity;
  /** Of the keys. */
  readonly folder: string;
  readonly logs: LogRecord[];
  /** Where requests come from. */
  address = "127.0.0.1";
  readonly connections: Connections = {
    timeout: () => undefined,
    requestIP: () => ({ address: this.address }),
  };

  #fleet: Promise<Fleet> | undefined;
  #clusters: Promise<Clusters> | undefined;
  #cache: Cache | undefined;
  readonly #limits: Partial<HttpLimits>;
  readonly #clusterLimits: Readonly<Record<string, number>>;

  private constructor(
    options: FixtureOptions,
    p: Pick<HttpFixture, "store" | "identity" | "folder" | "logs"> & { readonly log: Logger },
  ) {
    const { log } = p;
    this.store = p.store;
    this.#clusterLimits = options.clusterLimits ?? {};
    this.identity = p.identity;
    this.folder = p.folder;
    this.files = openBlobs({ folder: join(p.folder, "blobs") });
    this.logs = p.logs;
    this.#limits = options.http?.limits ?? {};
    this.vault = new Vault({
      store: p.store.secrets,
      keys: openKeyFolder(join(p.folder, "keys")),
      clock: systemClock,
      random: systemRandom,
      onChange: (names) => this.engine.facilities.secretsChanged(names),
    });
    const keeping = { clock: systemClock, random: systemRandom };
    this.payloads = new PayloadVault({ store: p.store.payloadKeys, shelf: this.vault, ...keeping });
    this.engine = new Engine({
      store: p.store,
      triggers: p.store.triggers,
      blobs: options.blobs,
      clock: systemClock,
      ids: new Ids(systemClock, systemRandom),
      log,
      owner: "engine-1",
      limits: options.limits,
      secrets: this.vault,
      sealing: { keys: this.payloads, all: false },
      trace: options.trace,
      onDeploy: "move",
      url: () => base,
    });
    const scoped = new ScopedBlobs({
      store: p.store.blobScopes,
      files: this.files,
      clock: systemClock,
      limits: { ...httpLimits, ...options.http?.limits },
    });
    this.http = createHttp({
      engine: this.engine,
      store: p.store,
      identity: p.identity,
      vault: this.vault,
      payloads: this.payloads,
      clock: systemClock,
      log,
      version: "0.0.0-test",
      startedAt: systemClock.now(),
      authentication: true,
      allowedHosts: [],
      allowedOrigins: [],
      ready: () => ({ ready: true }),
      deployment: () => ({ version: "v1", deployedAt: undefined }),
      fleet: () => this.#fleetOnce(log),
      blobs: async () => scoped,
      cache: async () => this.#cacheOnce(),
      clusters: () => this.#clustersOnce(),
      ...options.http,
    });
  }

  static async make(options: FixtureOptions = {}): Promise<HttpFixture> {
    const logs: LogRecord[] = [];
    const log: Logger = (level, message, fields) => void logs.push({ level, message, fields });
    const store = new MemoryRunStore();
    const folder = mkdtempSync(join(tmpdir(), "sluice-http-"));
    const identity = await Identity.open({
      store: store.identity,
      audit: store.audit,
      instance: store.instance,
      clock: systemClock,
      random: systemRandom,
      keys: openKeyFolder(join(folder, "keys")),
      log,
      bootstrapToken: token,
      settings: options.identity,
    });
    const fixture = new HttpFixture(options, { store, identity, folder, logs, log });
    const workflows = options.workflows ?? [];
    await fixture.engine.start();
    const deployed = await fixture.engine.deploy("v1", manifestOf(workflows));
    if (!deployed.ok) throw new Error(deployed.error.message);
    if (options.worker === false) return fixture;
    const worker = attachInProcess(fixture.engine, {
      id: "worker-1",
      version: "v1",
      workflows,
      clock: systemWorkerClock,
      limits: { ...workerLimits, parkAfterMs: options.parkAfterMs ?? workerLimits.parkAfterMs },
      stepScope: new AsyncStepScope(),
    });
    worker.deploy();
    return fixture;
  }

  /** Over the folder as the project. */
  #cacheOnce(): Cache {
    this.#cache ??= Cache.open({
      folder: join(this.folder, "cache"),
      clock: systemClock,
      newId: () => crypto.randomUUID(),
      boot: "boot-1",
      signer: hmacSigner(new TextEncoder().encode("a key of a cache")),
      limits: { ...cacheLimits, ...this.#limits },
      failed: (message, error) => void this.logs.push({ level: "warn", message, fields: { error: String(error) } }),
    });
    return this.#cache;
  }
  #clustersOnce(): Promise<Clusters> {
    this.#clusters ??= import("./cluster/open-clusters.ts").then(({ openClusters }) => {
      const { engine, store, vault, folder } = this;
      return openClusters({ engine, store, vault, project: folder, env: {}, limits: this.#clusterLimits });
    });
    return this.#clusters;
  }

  async #fleetOnce(log: Logger): Promise<Fleet> {
    const { openFleet } = await import("./workers/open-fleet.ts");
    const { engine, store, identity } = this;
    this.#fleet ??= openFleet({ engine, store, identity, authentication: true, log, limits: {} });
    return this.#fleet;
  }

  /** A request as a client with the token makes it; `init.token: null` leaves the token out. */
  request(path: string, init: RequestInit & { token?: string | null } = {}): Request {
    const headers = new Headers(init.headers);
    const given = init.token === undefined ? token : init.token;
    if (given !== null && !headers.has("authorization")) headers.set("authorization", `Bearer ${given}`);
    return new Request(path.startsWith("http") ? path : base + path, { ...init, headers });
  }

  async send(path: string, init: RequestInit & { token?: string | null } = {}): Promise<Answer> {
    const response = await this.http.fetch(this.request(path, init), this.connections);
    const type = response.headers.get("content-type") ?? "";
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = (): string => new TextDecoder().decode(bytes);
    const body: unknown =
      bytes.length === 0
        ? null
        : type === valueMediaType
          ? decodeValue(bytes)
          : type === "application/json"
            ? JSON.parse(text())
            : text();
    return { status: response.status, headers: response.headers, body };
  }

  async get(path: string): Promise<Answer> {
    return this.send(path);
  }

  async post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  }

  /** Stores a blob under its digest, with the token unless another one is given; answers with the digest. */
  async putBlob(bytes: Uint8Array | string, as = token): Promise<string> {
    const body = Buffer.from(bytes);
    const digest = new Bun.CryptoHasher("sha256").update(body).digest("hex");
    const answer = await this.send(`/api/v1/blobs/${digest}`, { method: "PUT", body, token: as });
    if (answer.status !== 200 && answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return digest;
  }

  /** The same in the value format; what is to stay an encoded value is passed as such. */
  async postValue(path: string, body: Readonly<Record<string, unknown>>): Promise<Answer> {
    return this.send(path, {
      method: "POST",
      body: encodeValue(body) as Uint8Array<ArrayBuffer>,
      headers: { "content-type": valueMediaType, accept: valueMediaType },
    });
  }

  /** Resolves when the run has this status. */
  async until(run: string, status: string): Promise<void> {
    const reached = Promise.withResolvers<void>();
    const look = async (): Promise<void> => {
      if ((await this.engine.store.getRun({ run }))?.status === status) reached.resolve();
    };
    const stop = this.engine.watchers.watch(run, () => void look());
    await look();
    await reached.promise;
    stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.http.settle();
    (await this.#fleet)?.stop();
    await this.#cache?.close();
    await this.identity.close();
    await this.engine.stop(0);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
