// For tests: the room over a store in memory and the double; operations are not begun by an engine but step by step.
import { Ids, systemRandom } from "../kernel/ids.ts";
import { ok } from "../kernel/result.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { Clusters } from "./clusters.ts";
import { ApiDouble } from "./double/api-double.suite.ts";
import { fetchTransport } from "./double/bench.suite.ts";
import { clusterLimits } from "./limits.ts";
import { HastyClock, memoryFiles, sha256 } from "./memory-ports.suite.ts";

const by = { kind: "user", id: "ada" } as const;

export class Room {
  readonly store = new MemoryRunStore();
  readonly double = new ApiDouble();
  readonly files: Record<string, string> = {};
  readonly kept = new Map<string, string>();
  readonly started: string[] = [];
  readonly cancelled: string[] = [];
  readonly clock = new HastyClock(Date.now());
  readonly clusters: Clusters;

  constructor() {
    this.clusters = new Clusters({
      store: this.store.clusters,
      keeper: {
        keep: async (name, value) => void this.kept.set(name, value),
        kept: async (name) => this.kept.get(name),
      },
      runner: {
        start: async ({ run }) => {
          this.started.push(run);
          return ok(null);
        },
        bootstrap: async ({ run }) => ok(run),
        approved: async () => undefined,
        watchDrift: async () => ok(null),
        upgradeMesh: async ({ run }) => ok(run),
        releaseCanary: async ({ run }) => ok(run),
        cancel: async ({ run }) => void this.cancelled.push(run),
      },
      transport: fetchTransport,
      processes: { run: () => Promise.reject(new Error("no program here")) },
      project: {
        read: (path) => memoryFiles(this.files).read(path),
        list: (path) => memoryFiles(this.files).list(path),
        place: async () => undefined,
      },
      checkouts: { open: () => Promise.reject(new Error("no repository here")) },
      machine: memoryFiles({}),
      env: {},
      clock: this.clock,
      ids: new Ids(this.clock, systemRandom),
      sha256,
      salt: () => "salt",
      rules: new Map(),
      limits: { ...clusterLimits, requestTimeoutMs: 60_000, retriesMax: 1 },
    });
  }

  /** A room with the cluster `main` and the component `web` of these files. */
  static async make(files: Readonly<Record<string, object>>, policy = "{ approval: none }"): Promise<Room> {
    const room = new Room();
    const added = await room.add();
    if (!added.ok) throw new Error(added.error.message);
    room.files["web.yaml"] = `name: web\ncluster: main\nmanifests: [web]\npolicy: ${policy}\n`;
    room.write(files);
    const component = await room.clusters.addComponent({ by, file: "web.yaml" });
    if (!component.ok) throw new Error(component.error.message);
    return room;
  }

  add(acceptIdentity = false) {
    const server = { name: "c", cluster: { server: this.double.url } };
    const context = { name: "x", context: { cluster: "c", user: "u" } };
    const kubeconfig = JSON.stringify({ clusters: [server], contexts: [context], users: [] });
    return this.clusters.addCluster({ by, name: "main", kubeconfig, context: "x", acceptIdentity });
  }

  write(files: Readonly<Record<string, object>>): void {
    for (const [name, object] of Object.entries(files)) this.files[`web/${name}.json`] = JSON.stringify(object);
  }

  plan(person = "ada") {
    return this.clusters.plan({ by, person, component: "web" });
  }

  /** Begins an operation of what is declared now; its id. */
  async begin(): Promise<string> {
    const plan = await this.plan();
    if (!plan.ok) throw new Error(plan.error.message);
    const begun = await this.clusters.apply({ by, plan: plan.value.id, hash: plan.value.hash });
    if (!begun.ok) throw new Error(begun.error.message);
    return begun.value.id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.double[Symbol.asyncDispose]();
  }
}

export const configMap = (name: string, data: object = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});
