import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { settled, start } from "../identity.fixture.suite.ts";
import { Endings } from "./endings.ts";
import { accessOf } from "./grants.ts";
import { principalOf } from "./principal.ts";
import type { Principal } from "./principal.ts";

const access = accessOf([]);
const session = (id: string, user = "u1"): Principal =>
  principalOf(
    {
      kind: "session",
      actor: { kind: "user", id: user },
      user: { id: user, name: user },
      session: id,
      access,
      epoch: 0,
    },
    {},
  );
const token = (id: string): Principal =>
  principalOf({ kind: "token", actor: { kind: "token", id }, token: id, access, epoch: 0 }, {});
const bootstrap = principalOf({ kind: "bootstrap", actor: { kind: "token", id: "bootstrap" }, access, epoch: 0 }, {});

function listening() {
  const clock = new SimulatedClock(start);
  const state = { epoch: 0, until: undefined as number | undefined, failing: false };
  const logged: string[] = [];
  const endings = new Endings({
    clock,
    log: (_, message) => void logged.push(message),
    isCurrent: (principal) => principal.epoch === state.epoch,
    goodUntil: async () => {
      if (state.failing) throw new Error("The disk is full.");
      return state.until;
    },
  });
  const told: string[] = [];
  const watch = (name: string, principal: Principal) =>
    endings.watch(principal, (why) => void told.push(`${name} ${why}`));
  return { clock, endings, logged, state, told, watch };
}

describe("what ends", () => {
  test("is told to those it is meant for, once", () => {
    const { endings, told, watch } = listening();
    watch("a", session("a"));
    watch("a again", session("a"));
    watch("b", session("b", "u2"));
    watch("t", token("t"));
    watch("first", bootstrap);
    endings.ended({ sessions: ["a", "other"] }, "signed_out");
    endings.ended({ sessions: ["a"] }, "signed_out");
    expect(told).toEqual(["a signed_out", "a again signed_out"]);
    endings.ended({ user: "u2" }, "disabled");
    endings.ended({ token: "t" }, "revoked");
    endings.ended({ bootstrap: true }, "access_changed");
    expect(told.slice(2)).toEqual(["b disabled", "t revoked", "first access_changed"]);
    expect(endings.size).toBe(0);
  });

  test("is told to users when roles change, not to tokens that nobody owns", () => {
    const { endings, told, watch } = listening();
    watch("a", session("a"));
    watch("t", token("t"));
    endings.ended({ users: true }, "access_changed");
    expect(told).toEqual(["a access_changed"]);
  });

  test("is not told to who has stopped listening", () => {
    const { endings, told, watch } = listening();
    const stop = watch("a", session("a"));
    stop();
    stop();
    endings.ended({ sessions: ["a"] }, "revoked");
    expect(told).toEqual([]);
  });

  test("before listening began is told afterwards, and never before listening has an answer", async () => {
    const { state, told, watch } = listening();
    state.epoch = 1;
    watch("a", session("a"));
    expect(told).toEqual([]);
    await settled();
    expect(told).toEqual(["a access_changed"]);
  });
});

describe("what expires", () => {
  test("is told at its time, or later when it was put off", async () => {
    const { clock, state, told, watch } = listening();
    state.until = start + 1_000;
    watch("a", session("a"));
    await settled();
    state.until = start + 1_500;
    clock.advance(1_000);
    await settled();
    expect(told).toEqual([]);
    clock.advance(500);
    await settled();
    expect(told).toEqual(["a expired"]);
    expect(clock.pending).toBe(0);
  });

  test("never, has no timer", async () => {
    const { clock, watch } = listening();
    watch("t", token("t"));
    watch("first", bootstrap);
    await settled();
    expect(clock.pending).toBe(0);
  });

  test("is looked at again when it could not be read", async () => {
    const { clock, logged, state, told, watch } = listening();
    state.failing = true;
    watch("a", session("a"));
    await settled();
    expect(logged).toHaveLength(1);
    state.failing = false;
    state.until = start;
    clock.advanceToNext();
    await settled();
    expect(told).toEqual(["a expired"]);
  });

  test("is not looked at after closing", async () => {
    const { clock, endings, state, told, watch } = listening();
    state.until = start + 1_000;
    watch("a", session("a"));
    await settled();
    endings.close();
    clock.advance(2_000);
    await settled();
    expect([told, clock.pending]).toEqual([[], 0]);
  });
});
