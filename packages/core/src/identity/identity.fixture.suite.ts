// What tests of identity need: the whole of it over a store in memory, with a clock that they move, real hashes and real keys.
import { afterAll, afterEach, expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ErrorCode } from "@sluice/protocol";
import type { AuditRecord } from "../kernel/audit-log.ts";
import type { LogLevel } from "../kernel/log.ts";
import type { Result } from "../kernel/result.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { SimulatedRandom } from "../testing/simulated-random.ts";
import type { Principal } from "./access/principal.ts";
import { Identity } from "./identity.ts";
import type { IdentityOptions } from "./identity.ts";
import { openKeyFolder } from "./keys/key-folder.ts";
import type { SignedIn } from "./sessions/sessions.ts";
import { systemHasher } from "./sign-in/password-hasher.ts";

/** Wall time at which tests begin. */
export const start = 1_800_000_000_000;
export const password = "correct horse battery";
export const caller = { address: "192.0.2.7", agent: "test" };

/** Folders that are gone after the file's tests. */
export function keyFolders(): () => string {
  const root = mkdtempSync(join(tmpdir(), "sluice-identity-"));
  let count = 0;
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return () => join(root, `${count++}`, "keys");
}

/** The value of an answer that has to be good. */
export function good<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

/** The code of an answer that has to be a refusal. */
export function codeOf(result: Result<unknown>): ErrorCode | "ok" {
  return result.ok ? "ok" : result.error.code;
}

export interface Desk {
  readonly identity: Identity;
  readonly store: MemoryRunStore;
  readonly clock: SimulatedClock;
  readonly random: SimulatedRandom;
  readonly folder: string;
  readonly logged: { readonly level: LogLevel; readonly message: string }[];
  /** Admin at the machine, as the command line is. */
  readonly local: Principal;
  /** The same data opened again, as after a restart. */
  readonly reopen: (more?: Partial<IdentityOptions>) => Promise<Identity>;
  /** Makes a user with the password of all. */
  readonly addUser: (name: string, roles: readonly string[], more?: { passwordHash?: string }) => Promise<string>;
  readonly signIn: (name: string, kind?: "console" | "program") => Promise<SignedIn>;
  /** The principal of a user who signs in to the console. */
  readonly principal: (name: string) => Promise<Principal>;
  readonly audited: () => Promise<readonly AuditRecord[]>;
}

/** Opens identity for a test, and closes it afterwards. */
export function desks(): (more?: Partial<IdentityOptions>) => Promise<Desk> {
  const nextFolder = keyFolders();
  const opened: Identity[] = [];
  let hash: Promise<string> | undefined;
  afterEach(async () => {
    for (const identity of opened.splice(0)) await identity.close();
  });
  return async (more = {}) => {
    const store = new MemoryRunStore();
    const clock = new SimulatedClock(start);
    const random = new SimulatedRandom(7);
    const folder = nextFolder();
    const logged: Desk["logged"][number][] = [];
    const reopen = async (other: Partial<IdentityOptions> = {}): Promise<Identity> => {
      const identity = await Identity.open({
        store: store.identity,
        audit: store.audit,
        instance: store.instance,
        clock,
        random,
        keys: openKeyFolder(folder),
        log: (level, message) => logged.push({ level, message }),
        ...more,
        ...other,
      });
      opened.push(identity);
      return identity;
    };
    const identity = await reopen();
    hash ??= systemHasher.hash(password);
    const passwordHash = await hash;
    const signIn = async (name: string, kind: "console" | "program" = "console"): Promise<SignedIn> =>
      good(await identity.signIn({ name, password, kind, caller }));
    return {
      identity,
      store,
      clock,
      random,
      folder,
      logged,
      local: identity.everyone(caller),
      reopen,
      signIn,
      async addUser(name, roles, given = {}) {
        const by = { kind: "system", id: "test" } as const;
        return good(await identity.users.insert(by, { name, roles, passwordHash, ...given })).id;
      },
      async principal(name) {
        const { cookie } = await signIn(name);
        return good(await identity.authenticate({ kind: "cookie", value: cookie ?? "" }, caller));
      },
      async audited() {
        return store.audit.readAudit({ after: 0, limit: 1_000 });
      },
    };
  };
}

/** Lets promises that are settled go on, without time passing. */
export async function settled(rounds = 50): Promise<void> {
  for (let i = 0; i < rounds; i++) await Promise.resolve();
}

export function expectRefused(result: Result<unknown>, code: ErrorCode, details?: object): void {
  expect(result.ok ? "ok" : result.error.code).toBe(code);
  if (!result.ok && details !== undefined) expect(result.error.details).toMatchObject(details);
}
