import { describe, expect, test } from "bun:test";
import { accessOf } from "../access/grants.ts";
import { principalOf } from "../access/principal.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { codeOf, expectRefused, good, start } from "../identity.fixture.suite.ts";
import { Tickets } from "./tickets.ts";

const who = (session: string) =>
  principalOf({ kind: "session", actor: { kind: "user", id: "u" }, session, access: accessOf([]), epoch: 0 }, {});
const live = { route: "/api/v1/live", origin: "https://ops.example" };

function tickets(more: { ticketsMax?: number; ticketsEachMax?: number } = {}) {
  const clock = new SimulatedClock(start);
  const limits = { ticketMs: 30_000, ticketsMax: 100, ticketsEachMax: 3, ...more };
  return { clock, tickets: new Tickets({ clock, random: new SimulatedRandom(1), limits }) };
}

describe("a ticket", () => {
  test("is good once", () => {
    const { tickets: made } = tickets();
    const principal = who("a");
    const { expiresAt, ticket } = good(made.create(principal, live));
    expect(expiresAt).toBe(start + 30_000);
    expect(good(made.redeem({ ...live, ticket }))).toBe(principal);
    expect(codeOf(made.redeem({ ...live, ticket }))).toBe("ticket_invalid");
  });

  test.each([
    ["another route", { ...live, route: "/api/v1/runs" }],
    ["another origin", { ...live, origin: "https://evil.example" }],
    ["another port of the same host", { ...live, origin: "https://ops.example:8443" }],
    ["no origin", { ...live, origin: undefined }],
  ])("for %s is refused, and used up by trying", (_, other) => {
    const { tickets: made } = tickets();
    const { ticket } = good(made.create(who("a"), live));
    expect(codeOf(made.redeem({ ...other, ticket }))).toBe("ticket_invalid");
    expect(codeOf(made.redeem({ ...live, ticket }))).toBe("ticket_invalid");
  });

  test("of a program is not for a page", () => {
    const { tickets: made } = tickets();
    const { ticket } = good(made.create(who("a"), { ...live, origin: undefined }));
    expect(codeOf(made.redeem({ ...live, ticket }))).toBe("ticket_invalid");
    const again = good(made.create(who("a"), { ...live, origin: undefined }));
    expect(codeOf(made.redeem({ ...live, origin: undefined, ticket: again.ticket }))).toBe("ok");
  });

  test("is good for 30 seconds", () => {
    const { clock, tickets: made } = tickets();
    const early = good(made.create(who("a"), live));
    const late = good(made.create(who("a"), live));
    clock.advance(29_999);
    expect(codeOf(made.redeem({ ...live, ticket: early.ticket }))).toBe("ok");
    clock.advance(1);
    expect(codeOf(made.redeem({ ...live, ticket: late.ticket }))).toBe("ticket_invalid");
  });

  test("that was never made is refused", () => {
    expect(codeOf(tickets().tickets.redeem({ ...live, ticket: "guessed" }))).toBe("ticket_invalid");
  });
});

test("only so many wait of one session, and in all; used and expired ones make room", () => {
  const { clock, tickets: made } = tickets({ ticketsMax: 4 });
  const first = good(made.create(who("a"), live));
  good(made.create(who("a"), live));
  good(made.create(who("a"), live));
  expectRefused(made.create(who("a"), live), "too_many_requests", { retryAfterMs: 30_000 });
  good(made.create(who("b"), live));
  expect(codeOf(made.create(who("c"), live))).toBe("too_many_requests");
  good(made.redeem({ ...live, ticket: first.ticket }));
  good(made.create(who("a"), live));
  clock.advance(30_000);
  for (let n = 0; n < 3; n++) good(made.create(who("a"), live));
  good(made.create(who("c"), live));
});
