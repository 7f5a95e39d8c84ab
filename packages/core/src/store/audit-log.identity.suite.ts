// What the audit trail says of users, roles, sessions, tokens and passkeys, and what it never says.
import { describe, expect, test } from "bun:test";
import type { UserChange } from "../kernel/identity-store.ts";
import { chain, outside, said } from "./audit-log.fixture.suite.ts";
import { auditedVerbs } from "./audit/audit-rules.ts";
import { newSession, newToken, newUser } from "./identity-store.fixture.suite.ts";
import { ada, start, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

export function auditedIdentitySuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: the audit trail of who may do what`, () => {
    const desk = withStore(makeStore);
    const rows = async () => (await chain(desk.store.audit)).map(said);
    const by = outside;

    test("users: what changed of them, and of secrets only whether there is one", async () => {
      const { identity } = desk.store;
      const user = newUser("u1", { name: "Ada", email: "a@b.c", roles: ["admin"], passwordHash: "$hash$one" });
      await identity.createUser({ by, user, first: true });
      await identity.createUser({ by, user: newUser("u2"), first: true });
      await identity.createUser({ by, user: newUser("u3", { name: "ADA" }) });
      const update = (change: UserChange, more: object = {}) =>
        identity.updateUser({ by, user: "u1", change, now: start + 1, ...more });
      await update({ roles: ["admin", "operator"], email: null });
      await update({ passwordHash: "$hash$two", totpSecret: new Uint8Array([7, 7]), recoveryCodes: ["$hash$three"] });
      await update({ disabled: true });
      await update({ disabled: true }, { ifVersion: 9 });
      await update({ disabled: true }, { user: "none" });
      const update_ = { action: "user:update", target: "user:u1", outcome: "done" };
      const made = { action: "user:create", target: "user:u1", outcome: "done" };
      const plain = { email: undefined, roles: ["viewer"], disabled: false };
      expect(await rows()).toEqual([
        { ...made, after: { name: "Ada", email: "a@b.c", roles: ["admin"], disabled: false, first: true } },
        {
          ...made,
          target: "user:u2",
          outcome: "refused",
          reason: "already_set_up",
          after: { name: "u2", ...plain, first: true },
        },
        { ...made, target: "user:u3", outcome: "refused", reason: "name_taken", after: { name: "ADA", ...plain } },
        {
          ...update_,
          before: { email: "a@b.c", roles: ["admin"], version: 1 },
          after: { email: null, roles: ["admin", "operator"], version: 2 },
        },
        {
          ...update_,
          before: { password: true, secondFactor: false, recoveryCodes: 0, version: 2 },
          after: { password: true, secondFactor: true, recoveryCodes: 1, version: 3 },
        },
        { ...update_, outcome: "refused", reason: "last_admin" },
        { ...update_, outcome: "refused", reason: "conflict" },
        { ...update_, target: "user:none", outcome: "refused", reason: "user_not_found" },
      ]);
    });

    test("roles with their grants", async () => {
      const { identity } = desk.store;
      const put = (permission: string) =>
        identity.putRole({ by, role: { name: "biller", grants: [{ permission }], updatedAt: start + 3 } });
      await put("run:read");
      await put("run:*");
      await identity.createUser({ by: ada, user: newUser("u1", { roles: ["biller"] }) });
      await identity.deleteRole({ by, role: "biller", now: start });
      await identity.updateUser({ by: ada, user: "u1", change: { roles: [] }, now: start });
      await identity.deleteRole({ by, role: "biller", now: start });
      await identity.deleteRole({ by, role: "biller", now: start });
      const [read, all] = [{ grants: [{ permission: "run:read" }] }, { grants: [{ permission: "run:*" }] }];
      const write = { action: "role:write", target: "role:biller", outcome: "done" };
      const gone = { ...write, action: "role:delete" };
      expect(await rows()).toEqual([
        { ...write, after: read },
        { ...write, before: read, after: all },
        { ...gone, before: all, outcome: "refused", reason: "role_in_use" },
        { ...gone, before: all },
        { ...gone, outcome: "refused", reason: "role_not_found" },
      ]);
    });

    test("sessions: how they began, and one row for each wish to end some", async () => {
      const { identity } = desk.store;
      for (const id of ["s1", "s2"]) await identity.createSession({ by, session: newSession(id) });
      const end = (p: { session?: string; user?: string }) =>
        identity.endSessions({ by, why: "signed_out", now: start + 2, ...p });
      await end({ session: "s1" });
      await end({ session: "s1" });
      await end({ user: "u1" });
      await identity.rotateSession({ session: "s1", expect: "a", next: "b", expiresAt: start, now: start });
      await identity.touch({ sessions: [{ id: "s1", at: start }], tokens: [] });
      const began = { user: "u1", kind: "console", method: "password", expiresAt: start + 1_000 };
      const begin = { action: "session:start", target: "session:s1", outcome: "done", after: began };
      const ended = { action: "session:end", target: "session:s1", outcome: "done", reason: "signed_out" };
      expect(await rows()).toEqual([
        begin,
        { ...begin, target: "session:s2" },
        { ...ended, after: { user: "u1", ended: 1, sessions: ["s1"] } },
        { ...ended, outcome: "refused", reason: "session_not_found" },
        { ...ended, target: "user:u1", after: { user: "u1", ended: 1, sessions: ["s2"] } },
      ]);
    });

    test("tokens, passkeys and links", async () => {
      const { identity } = desk.store;
      await identity.createToken({ by, token: newToken("t1", { owner: "u1", role: "viewer" }) });
      await identity.revokeToken({ by, token: "t1", now: start });
      await identity.revokeToken({ by, token: "none", now: start });
      const passkey = { id: "p1", user: "u1", name: "laptop", counter: 0, transports: [], createdAt: start };
      const add = () => identity.addPasskey({ by, passkey: { ...passkey, publicKey: new Uint8Array([9]) } });
      await add();
      await add();
      await identity.usePasskey({ passkey: "p1", counter: 2, now: start });
      const remove = () => identity.removePasskey({ by, user: "u1", passkey: "p1", now: start });
      await remove();
      await remove();
      await identity.putLink({ by, issuer: "https://a", subject: "7", user: "u1", now: start });
      const { grants, limits, prefix } = newToken("t1");
      const owned = { name: "token t1", owner: "u1" };
      const key = { target: "passkey:p1", outcome: "done" };
      expect(await rows()).toEqual([
        {
          action: "token:create",
          target: "token:t1",
          outcome: "done",
          after: { ...owned, prefix, role: "viewer", grants, limits },
        },
        { action: "token:revoke", target: "token:t1", outcome: "done", before: owned },
        { action: "token:revoke", target: "token:none", outcome: "refused", reason: "token_unknown" },
        { ...key, action: "passkey:add", after: { user: "u1", name: "laptop" } },
        {
          ...key,
          action: "passkey:add",
          outcome: "refused",
          reason: "conflict",
          after: { user: "u1", name: "laptop" },
        },
        { ...key, action: "passkey:remove", before: { user: "u1" } },
        { ...key, action: "passkey:remove", outcome: "refused", reason: "not_found", before: { user: "u1" } },
        { action: "user:link", target: "user:u1", outcome: "done", after: { issuer: "https://a", subject: "7" } },
      ]);
    });

    test("no secret is in any row", async () => {
      const { identity } = desk.store;
      const secret = "SECRET-0a1b2c3d";
      const bytes = new TextEncoder().encode(secret);
      const hidden = { passwordHash: secret, totpSecret: bytes, recoveryCodes: [secret] };
      await identity.createUser({ by, user: newUser("u1", { ...hidden, totpStep: 55_123 }) });
      await identity.updateUser({ by, user: "u1", change: { ...hidden, totpStep: 55_124 }, now: start });
      await identity.createSession({ by, session: newSession("s1", { secretHash: secret, previousHash: secret }) });
      await identity.endSessions({ by, session: "s1", why: "revoked", now: start });
      await identity.createToken({ by, token: newToken("t1", { secretHash: secret }) });
      await identity.revokeToken({ by, token: "t1", now: start });
      const passkey = { id: "p1", user: "u1", name: "n", publicKey: bytes, counter: 0, transports: [], createdAt: 0 };
      await identity.addPasskey({ by, passkey });
      const all = await chain(desk.store.audit);
      expect(all).toHaveLength(7);
      expect(/SECRET|5512[34]|83,69,67|"0":83/.exec(JSON.stringify(all))?.[0]).toBeUndefined();
    });

    test("there is a rule for every verb that acts on somebody's behalf", () => {
      const ofRuns = [
        "createRun",
        "forkRun",
        "cancelRun",
        "pauseRun",
        "resumeRun",
        "retryRun",
        "moveRun",
        "deleteRuns",
      ];
      const ofOthers = [
        "importRun",
        "clearStepCache",
        "emitEvent",
        "completeToken",
        "commentApproval",
        "setState",
        "deleteState",
        "putSchedules",
        "setSchedulePaused",
        "resetBreaker",
        "putSecret",
        "deleteSecret",
        "resealSecrets",
        "rewrapPayloadKeys",
        "erasePayloadKey",
      ];
      const ofQueues = ["setQueuePaused"];
      const ofTriggers = ["putTriggers", "setTriggerPaused"];
      const ofBuilds = ["createBuild", "cancelBuild", "bindWorker", "drainWorker", "removeWorker"];
      const ofClusters = ["putCluster", "putComponent", "createPlan", "approvePlan", "beginOperation"];
      const ofRecoveries = ["putRecovery", "createFailover", "approveFailover", "beginFailover", "reviewFailover"];
      const ofPeople = ["createUser", "updateUser", "putRole", "deleteRole", "addPasskey", "removePasskey", "putLink"];
      const ofAccess = ["createSession", "endSessions", "createToken", "revokeToken"];
      expect([...auditedVerbs].toSorted()).toEqual(
        [ofRuns, ofOthers, ofTriggers, ofBuilds, ofQueues, ofClusters, ofRecoveries, ofPeople, ofAccess]
          .flat()
          .toSorted(),
      );
    });
  });
}
