// What a recovery asks of the world: who decides, what holds the data, where traffic goes, who looks on. Every verb can be done again
// under the same epoch without changing anything, and is refused as `stale` by whatever has seen a later one.

/** Where the one writer stands, as the external store has it. */
export interface Claim {
  /** Only ever grows; each attempt has one of its own. */
  readonly epoch: number;
  /** The attempt that has it. */
  readonly attempt: string;
  /** The site that was opened last, and under which epoch. */
  readonly active: { readonly site: string; readonly epoch: number };
}

/** No answer came: whether it was done is not known. */
export interface Silent {
  readonly outcome: "silent";
  readonly reason: string;
}
/** A later epoch, or a later step of the same one, has been seen: whoever asked has lost. */
export interface Stale {
  readonly outcome: "stale";
}

/**
 * A linearizable register outside of the sites. What answers from a copy that may be behind, or may lose what it has acknowledged, has
 * to answer `refused`.
 */
export interface EpochStore {
  /** Undefined where nobody has begun with it. */
  read(): Promise<{ readonly outcome: "ok"; readonly claim: Claim | undefined } | Refused | Silent>;
  /** Begins with an active site, unless somebody has. */
  begin(p: { readonly site: string }): Promise<{ readonly outcome: "ok"; readonly claim: Claim } | Refused | Silent>;
  /** Takes the next epoch for an attempt; asked again it answers with the same one, as long as nobody has taken a later one. */
  claim(p: {
    readonly attempt: string;
  }): Promise<{ readonly outcome: "ok"; readonly claim: Claim } | Refused | Stale | Silent>;
  /** Says which site is open now, while the epoch is still that of the attempt. */
  conclude(p: {
    readonly attempt: string;
    readonly epoch: number;
    readonly site: string;
  }): Promise<{ readonly outcome: "ok" } | Refused | Stale | Silent>;
}

/** It must not decide: the rule it breaks, and why. */
export interface Refused {
  readonly outcome: "refused";
  readonly rule: "epochs-asynchronous";
  readonly reason: string;
}

/** Steps within an epoch, in order: what comes with a lower one than was seen is stale. */
export const ordinals = { guard: 1, freeze: 2, fence: 3, promote: 4, open: 5, thaw: 6 } as const;

/** What a site says of its data. Positions only ever grow, and mean the same at both sites: bytes of a log. */
export interface DataLook {
  readonly outcome: "ok";
  readonly role: "primary" | "standby";
  /** Takes writes of its clients. */
  readonly open: boolean;
  /** A primary: what it has written. A standby: what it has received and will have when it is promoted. */
  readonly position: number;
  /** Lowest epoch whose orders it takes. */
  readonly fence: number;
  /** What the primary whose data it has wrote into them last; undefined before the first time. */
  readonly mark: Mark | undefined;
  /** A standby whose primary streams to it. */
  readonly streaming: boolean;
}

/** Travels with the data. */
export interface Mark {
  readonly epoch: number;
  /** The site that wrote it. */
  readonly writer: string;
  /** Written once the writer acknowledges nothing that the other site has not; in this epoch it stays so. */
  readonly synchronous: boolean;
}

export type Order = { readonly epoch: number; readonly site: string };
type Done = { readonly outcome: "ok"; readonly position: number };

/** Data that is at both sites, one of which may change it. */
export interface DataDriver {
  readonly name: string;
  look(site: string): Promise<DataLook | Silent>;
  /** Remembers the epoch at a site, so that it takes no orders of lower ones. */
  guard(order: Order): Promise<Done | Stale | Silent>;
  /** Takes no more writes; who writes is cut off. Reversible. */
  freeze(order: Order): Promise<Done | Stale | Silent>;
  /** Lets nobody in who might write, also after it has been started again. */
  fence(order: Order): Promise<Done | Stale | Silent>;
  /** Makes a standby the primary, still closed. Position: the last one it has of the primary before. */
  promote(order: Order): Promise<Done | Stale | Silent>;
  /** Takes writes, under this epoch. */
  open(order: Order): Promise<Done | Stale | Silent>;
  /** Back to what it was before `freeze`, under this epoch. */
  thaw(order: Order): Promise<Done | Stale | Silent>;
  /** Makes the primary acknowledge nothing that the other site has not, and marks the data so. */
  protect(order: Order): Promise<Done | Stale | Silent>;
}

/** What leads clients to a site. It knows no epochs: nothing may depend on it for safety. */
export interface TrafficDriver {
  readonly name: string;
  /** Where it leads now. */
  look(): Promise<{ readonly outcome: "ok"; readonly site: string | undefined } | Silent>;
  shift(p: { readonly to: string }): Promise<{ readonly outcome: "ok" } | Silent>;
}

/** Looks at a site from a failure domain of its own. Silent: it cannot say. */
export interface Observer {
  readonly name: string;
  readonly domain: string;
  look(site: string): Promise<"up" | "down" | "silent">;
}

/** What has to be true of the site before it is opened. */
export interface Probe {
  readonly name: string;
  look(
    site: string,
  ): Promise<{ readonly outcome: "ok" } | { readonly outcome: "failed"; readonly reason: string } | Silent>;
}

/** Everything a recovery is carried out with. */
export interface Desk {
  readonly epochs: EpochStore;
  readonly data: readonly DataDriver[];
  readonly traffic: readonly TrafficDriver[];
  readonly observers: readonly Observer[];
  readonly probes: readonly Probe[];
}

/** The last order that a site has taken. */
export interface Taken {
  readonly epoch: number;
  readonly ordinal: number;
}

/** Whether a site that has taken one order refuses another as stale. */
export function isStale(taken: Taken, { epoch }: Pick<Order, "epoch">, verb: keyof typeof ordinals): boolean {
  return epoch < taken.epoch || (epoch === taken.epoch && ordinals[verb] < taken.ordinal);
}
