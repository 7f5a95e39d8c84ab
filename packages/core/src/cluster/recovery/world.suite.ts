// For tests: two sites, the store of epochs, observers and clients on a network that loses, delays and repeats, as seeded chance has it.
// The sites keep the promises of the real drivers: a log with marks, a standby that follows, orders refused by epoch and step.
import { isStale, ordinals } from "./drivers.ts";
import type { Claim, DataLook, Desk, Mark, Silent, Stale, Taken } from "./drivers.ts";

export type Chance = () => number;

/** Mulberry32: small, seeded, the same everywhere. */
export function chanceOf(seed: number): Chance {
  let at = seed >>> 0;
  return () => {
    at = (at + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(at ^ (at >>> 15), at | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What is broken on purpose, to see that it is found. */
export type Sabotage = "sites-take-stale-orders" | "epochs-repeat" | "marks-lie" | "thaws-without-guard";

type Entry = { readonly write: number; readonly epoch: number } | { readonly mark: Mark };

class Site {
  readonly name: string;
  up = true;
  role: "primary" | "standby";
  open: boolean;
  /** Under which it takes writes. */
  epoch = 1;
  log: Entry[];
  taken: Taken = { epoch: 1, ordinal: 0 };
  /** Acknowledges nothing that the other one has not. */
  synchronous: boolean;
  /** Written and not acknowledged: places in the log. */
  waiting: number[] = [];

  constructor(name: string, role: "primary" | "standby", first: { readonly mark: Mark }) {
    this.name = name;
    this.role = role;
    this.open = role === "primary";
    this.synchronous = first.mark.synchronous && role === "primary";
    this.log = [first];
  }

  mark(): Mark | undefined {
    return this.log.flatMap((entry) => ("mark" in entry ? [entry.mark] : [])).at(-1);
  }
}

export interface Ack {
  readonly write: number;
  readonly epoch: number;
  readonly site: string;
}

export class World {
  readonly chance: Chance;
  readonly sabotage: Sabotage | undefined;
  readonly sites: Readonly<Record<string, Site>>;
  readonly acks: Ack[] = [];
  readonly violations: string[] = [];
  readonly ports: (() => void)[] = [];
  readonly cut = new Set<string>();
  traffic = "a";
  claim: Claim = { epoch: 1, attempt: "", active: { site: "a", epoch: 1 } };
  readonly #claimed = new Map<string, number>();
  /** Orders that arrive once more, or only now. */
  readonly #late: (() => unknown)[] = [];
  #writes = 0;

  constructor(chance: Chance, synchronous: boolean, sabotage: Sabotage | undefined) {
    this.chance = chance;
    this.sabotage = sabotage;
    const first = { mark: { epoch: 1, writer: "a", synchronous } };
    this.sites = { a: new Site("a", "primary", first), b: new Site("b", "standby", first) };
  }

  site(name: string): Site {
    const found = this.sites[name];
    if (found === undefined) throw new Error(`no site ${name}`);
    return found;
  }
  other(site: Site): Site {
    return this.site(site.name === "a" ? "b" : "a");
  }
  #reaches(one: string, other: string): boolean {
    return !this.cut.has(`${one} ${other}`) && !this.cut.has(`${other} ${one}`);
  }

  /** Something happens by itself. */
  turn(): void {
    const roll = this.chance();
    if (roll < 0.35) this.write(this.chance() < 0.8 ? this.traffic : this.chance() < 0.5 ? "a" : "b");
    else if (roll < 0.75) this.replicate();
    else if (roll < 0.82) this.arriveLate();
    else if (roll < 0.85) this.toggle();
    else if (roll < 0.87) this.crash();
    else this.port();
  }

  /** One of those who wait for their turn goes on. */
  port(): boolean {
    const index = Math.floor(this.chance() * this.ports.length);
    const [next] = this.ports.splice(index, 1);
    next?.();
    return next !== undefined;
  }

  toggle(): void {
    const ends = ["a", "b", "engine", "standby", "epochs", "clients"];
    const pick = (): string => ends[Math.floor(this.chance() * ends.length)] ?? "a";
    const link = `${pick()} ${pick()}`;
    if (!this.cut.delete(link)) this.cut.add(link);
    if (this.chance() < 0.5) this.cut.clear();
  }

  crash(): void {
    const dead = Object.values(this.sites).find(({ up }) => !up);
    const site = dead ?? this.site(this.chance() < 0.6 ? this.traffic : this.chance() < 0.5 ? "a" : "b");
    site.up = !site.up;
    // Whoever waited for an acknowledgement is gone with it; what was written stays.
    site.waiting = [];
  }

  write(name: string): void {
    const site = this.site(name);
    if (!this.#reaches("clients", name) || !site.up || site.role !== "primary" || !site.open) return;
    const write = ++this.#writes;
    site.log.push({ write, epoch: site.epoch });
    if (site.synchronous) site.waiting.push(site.log.length - 1);
    else this.#acknowledge(site, write);
  }

  #acknowledge(site: Site, write: number): void {
    const last = this.acks.at(-1);
    const rival = this.acks.find((ack) => ack.epoch === site.epoch && ack.site !== site.name);
    if (rival !== undefined) this.violations.push(`epoch ${site.epoch} has two writers`);
    if (last !== undefined && last.epoch > site.epoch)
      this.violations.push(
        `${site.name} acknowledges under epoch ${site.epoch} after ${last.site} under ${last.epoch}`,
      );
    this.acks.push({ write, epoch: site.epoch, site: site.name });
  }

  #follows(standby: Site, primary: Site): boolean {
    if (standby.role !== "standby" || primary.role !== "primary" || !standby.up || !primary.up) return false;
    const last = standby.log.length - 1;
    return this.#reaches("a", "b") && last < primary.log.length && standby.log[last] === primary.log[last];
  }

  replicate(): void {
    for (const primary of Object.values(this.sites)) {
      const standby = this.other(primary);
      if (!this.#follows(standby, primary)) continue;
      const entry = primary.log[standby.log.length];
      if (entry !== undefined) standby.log.push(entry);
      for (const place of primary.waiting.filter((each) => each < standby.log.length)) {
        const written = primary.log[place];
        if (written !== undefined && "write" in written) this.#acknowledge(primary, written.write);
      }
      primary.waiting = primary.waiting.filter((each) => each >= standby.log.length);
    }
  }

  /** What an operator does once a failed site is back: it becomes a standby of the other, with its data. */
  resync(): void {
    const primary = this.site(this.claim.active.site);
    const old = this.other(primary);
    const ready = primary.up && old.up && this.#reaches("a", "b") && primary.role === "primary" && primary.open;
    if (!ready || old.role !== "primary" || old.epoch >= primary.epoch) return;
    Object.assign(old, { role: "standby", open: false, log: [...primary.log], waiting: [], synchronous: false });
  }

  arriveLate(): void {
    const [late] = this.#late.splice(Math.floor(this.chance() * this.#late.length), 1);
    late?.();
  }

  #turnOf(): Promise<void> {
    return new Promise((resolve) => this.ports.push(resolve));
  }

  /** Over a network: the order may be lost, its answer too; it may come late, and once more. */
  async send<T extends { readonly outcome: string }>(from: string, to: string, order: () => T): Promise<T | Silent> {
    await this.#turnOf();
    const silent: Silent = { outcome: "silent", reason: "no answer" };
    const down = this.sites[to]?.up === false;
    if (!this.#reaches(from, to) || down) return silent;
    const roll = this.chance();
    const whenUp = (): unknown => (this.sites[to]?.up === false ? undefined : order());
    if (roll < 0.04) {
      this.#late.push(whenUp);
      return silent;
    }
    if (roll < 0.2) this.#late.push(whenUp);
    const answer = order();
    await this.#turnOf();
    return roll > 0.95 ? silent : answer;
  }

  /** Takes an order, unless a later one was taken. */
  take(
    name: string,
    verb: keyof typeof ordinals,
    epoch: number,
    change: (site: Site) => void,
  ): { outcome: "ok"; position: number } | Stale {
    const site = this.site(name);
    const stale = isStale(site.taken, { epoch }, verb);
    if (stale && this.sabotage !== "sites-take-stale-orders") return { outcome: "stale" };
    site.taken = { epoch, ordinal: ordinals[verb] };
    change(site);
    return { outcome: "ok", position: site.log.length };
  }

  look(name: string): DataLook {
    const site = this.site(name);
    const mark = site.mark();
    const { role, open, log, taken } = site;
    const kept = mark !== undefined && this.sabotage === "marks-lie" ? { ...mark, synchronous: true } : mark;
    return {
      outcome: "ok",
      role,
      open,
      position: log.length,
      fence: taken.epoch,
      mark: kept,
      streaming: this.#follows(site, this.other(site)),
    };
  }

  takeEpoch(attempt: string): { outcome: "ok"; claim: Claim } | Stale {
    const known = this.#claimed.get(attempt);
    if (known !== undefined)
      return known === this.claim.epoch ? { outcome: "ok", claim: this.claim } : { outcome: "stale" };
    const epoch = this.claim.epoch + (this.sabotage === "epochs-repeat" ? 0 : 1);
    this.#claimed.set(attempt, epoch);
    this.claim = { ...this.claim, epoch, attempt };
    return { outcome: "ok", claim: this.claim };
  }

  conclude(p: { readonly attempt: string; readonly epoch: number; readonly site: string }): { outcome: "ok" } | Stale {
    if (this.claim.epoch !== p.epoch || this.claim.attempt !== p.attempt) return { outcome: "stale" };
    this.claim = { ...this.claim, active: { site: p.site, epoch: p.epoch } };
    return { outcome: "ok" };
  }

  desk(from: string): Desk {
    const open = (site: Site, epoch: number, synchronous: boolean): void => {
      if (site.open && site.epoch === epoch) return;
      Object.assign(site, { open: true, epoch, synchronous });
      site.log.push({ mark: { epoch, writer: site.name, synchronous } });
    };
    const shut = (site: Site): void => void Object.assign(site, { open: false, waiting: [] });
    return {
      epochs: {
        read: () => this.send(from, "epochs", () => ({ outcome: "ok" as const, claim: this.claim })),
        begin: () => this.send(from, "epochs", () => ({ outcome: "ok" as const, claim: this.claim })),
        claim: ({ attempt }) => this.send(from, "epochs", () => this.takeEpoch(attempt)),
        conclude: (p) => this.send(from, "epochs", () => this.conclude(p)),
      },
      data: [
        {
          name: "db",
          look: (site) => this.send(from, site, () => this.look(site)),
          guard: ({ site, epoch }) =>
            this.send(from, site, () =>
              this.sabotage === "thaws-without-guard"
                ? { outcome: "ok" as const, position: 0 }
                : this.take(site, "guard", epoch, () => {}),
            ),
          freeze: ({ site, epoch }) => this.send(from, site, () => this.take(site, "freeze", epoch, shut)),
          fence: ({ site, epoch }) => this.send(from, site, () => this.take(site, "fence", epoch, shut)),
          promote: ({ site, epoch }) =>
            this.send(from, site, () =>
              this.take(site, "promote", epoch, (node) => {
                if (node.role === "primary") return;
                Object.assign(node, { role: "primary", open: false, synchronous: false, epoch });
                node.log.push({ mark: { epoch, writer: site, synchronous: false } });
              }),
            ),
          open: ({ site, epoch }) =>
            this.send(from, site, () => this.take(site, "open", epoch, (node) => open(node, epoch, false))),
          thaw: ({ site, epoch }) =>
            this.send(from, site, () => this.take(site, "thaw", epoch, (node) => open(node, epoch, node.synchronous))),
          protect: ({ site, epoch }) =>
            this.send(from, site, () => {
              const node = this.site(site);
              const fits = node.role === "primary" && node.open && node.epoch === epoch && node.taken.epoch <= epoch;
              if (!fits) return { outcome: "stale" as const };
              if (!node.synchronous && this.#follows(this.other(node), node)) {
                node.synchronous = true;
                node.log.push({ mark: { epoch, writer: site, synchronous: true } });
              }
              return { outcome: "ok" as const, position: node.log.length };
            }),
        },
      ],
      traffic: [
        {
          name: "proxy",
          look: async () => ({ outcome: "ok", site: this.traffic }),
          shift: ({ to }) => this.send(from, "clients", () => ((this.traffic = to), { outcome: "ok" as const })),
        },
      ],
      observers: ["x", "y", "z"].map((name) => ({
        name,
        domain: name,
        look: async (site: string) =>
          this.chance() < 0.1 ? "silent" : this.site(site).up && this.chance() < 0.5 ? "up" : "down",
      })),
      probes: [],
    };
  }
}
