// The live stream over a real WebSocket: tabs that share one connection, that lose it, and that come late.

import { afterEach, describe, expect, test } from "bun:test";
import type { LiveMessage, LiveRequest } from "@sluice/protocol";
import { retryMs, retryMsMax, retryMsMin } from "./connection.ts";
import { LiveHub } from "./hub.ts";
import type { Leadership, TabChannel } from "./leadership.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A server that keeps what it is asked and says what it is told. */
function serveLive(port = 0) {
  const asked: LiveRequest[] = [];
  const sockets = new Set<Bun.ServerWebSocket<unknown>>();
  const waiting: { readonly ready: () => boolean; readonly resolve: () => void }[] = [];
  const moved = () => {
    for (const each of waiting) if (each.ready()) each.resolve();
  };
  const server = Bun.serve({
    port,
    fetch: (request, serving) =>
      serving.upgrade(request, { data: undefined }) ? undefined : new Response(null, { status: 400 }),
    websocket: {
      open(socket) {
        sockets.add(socket);
        socket.send(JSON.stringify({ type: "hello", version: "1", instance: "i", now: 0 }));
        moved();
      },
      message(_socket, text) {
        asked.push(JSON.parse(String(text)) as LiveRequest);
        moved();
      },
      close(socket) {
        sockets.delete(socket);
        moved();
      },
    },
  });
  closing.push(() => server.stop(true));
  return {
    port: server.port ?? 0,
    asked,
    sockets,
    stop: async () => server.stop(true),
    until: async (ready: () => boolean) =>
      new Promise<void>((resolve) => {
        if (ready()) resolve();
        else waiting.push({ ready, resolve });
      }),
    say: (message: LiveMessage) => {
      for (const socket of sockets) socket.send(JSON.stringify(message));
    },
  };
}

/** The locks of one browser: the first tab leads, the next one when it is gone. */
function browserLocks() {
  const campaigning: { readonly tab: string; readonly lead: () => void }[] = [];
  const watching: { readonly tab: string; readonly gone: () => void }[] = [];
  return {
    of: (tab: string): Leadership => ({
      shared: true,
      campaign: (lead) => {
        campaigning.push({ tab, lead });
        if (campaigning.length === 1) lead();
      },
      attend: () => {},
      whenGone: (other, gone) => watching.push({ tab: other, gone }),
    }),
    close: (tab: string) => {
      const led = campaigning[0]?.tab === tab;
      const at = campaigning.findIndex((each) => each.tab === tab);
      if (at >= 0) campaigning.splice(at, 1);
      for (const each of watching) if (each.tab === tab) each.gone();
      if (led) campaigning[0]?.lead();
    },
  };
}

/** Tabs that hear each other. */
function channels() {
  const listeners = new Map<string, (message: unknown) => void>();
  return {
    of: (tab: string): TabChannel => ({
      post: (message) => {
        const copy: unknown = structuredClone(message);
        for (const [other, listener] of listeners) if (other !== tab) listener(copy);
      },
      onMessage: (listener) => void listeners.set(tab, listener),
    }),
    close: (tab: string) => listeners.delete(tab),
  };
}

/** A browser with tabs on a server's port. */
function openBrowser(port: number) {
  const locks = browserLocks();
  const between = channels();
  return {
    tab: (name: string) => {
      const hub = new LiveHub({
        leadership: locks.of(name),
        channel: between.of(name),
        tab: name,
        now: () => Date.now(),
        random: () => 0,
        open: () => new WebSocket(`ws://127.0.0.1:${port}`),
      });
      closing.push(() => hub.stop());
      hub.start();
      return hub;
    },
    closeTab: (name: string, hub: LiveHub) => {
      hub.stop();
      between.close(name);
      locks.close(name);
    },
  };
}

async function untilState(hub: LiveHub, status: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (hub.state.status === status) resolve();
    };
    hub.subscribeState(look);
    look();
  });
}

const step = (number: number): LiveMessage => ({ type: "run", run: "r1", event: "step", number, data: number });

describe("tabs of one browser", () => {
  test("share one connection, and each hears what it has asked for", async () => {
    const server = serveLive();
    const browser = openBrowser(server.port);
    const [first, second] = [browser.tab("a"), browser.tab("b")];
    const heard: string[] = [];
    const both = Promise.withResolvers<void>();
    first.subscribe("approvals", () => heard.push("first approvals"));
    second.subscribe("approvals", () => heard.push("second approvals"));
    second.subscribe("events", () => {
      heard.push("second events");
      both.resolve();
    });
    await Promise.all([untilState(first, "open"), untilState(second, "open")]);
    await server.until(() => server.asked.length >= 2);
    expect(server.sockets.size).toBe(1);
    expect(server.asked).toEqual([
      { type: "subscribe", topic: "approvals" },
      { type: "subscribe", topic: "events" },
    ]);
    server.say({ type: "changed", topic: "approvals" });
    server.say({ type: "changed", topic: "events" });
    await both.promise;
    expect(heard.toSorted()).toEqual(["first approvals", "second approvals", "second events"]);
  });

  test("unsubscribe when the last of them has left", async () => {
    const server = serveLive();
    const browser = openBrowser(server.port);
    const [first, second] = [browser.tab("a"), browser.tab("b")];
    const leaveFirst = first.subscribe("events", () => {});
    const leaveSecond = second.subscribe("events", () => {});
    await server.until(() => server.asked.length === 1);
    leaveFirst();
    first.subscribe("state", () => {});
    await server.until(() => server.asked.length === 2);
    leaveSecond();
    await server.until(() => server.asked.length === 3);
    expect(server.asked.slice(1)).toEqual([
      { type: "subscribe", topic: "state" },
      { type: "unsubscribe", topic: "events" },
    ]);
  });

  test("hand the connection on when the tab that has it goes away", async () => {
    const server = serveLive();
    const browser = openBrowser(server.port);
    const [first, second] = [browser.tab("a"), browser.tab("b")];
    first.subscribe("state", () => {});
    second.subscribe("events", () => {});
    await server.until(() => server.asked.length === 2);
    browser.closeTab("a", first);
    await server.until(() => server.asked.length === 3);
    expect(server.asked[2]).toEqual({ type: "subscribe", topic: "events" });
    await untilState(second, "open");
  });

  test("a late one hears a run from its beginning, the others nothing twice", async () => {
    const server = serveLive();
    const browser = openBrowser(server.port);
    const [first, second] = [browser.tab("a"), browser.tab("b")];
    const heard: Record<"first" | "second", number[]> = { first: [], second: [] };
    const second2 = Promise.withResolvers<void>();
    first.subscribe("run:r1", (message) => message.type === "run" && heard.first.push(message.number));
    await server.until(() => server.asked.length === 1);
    server.say(step(1));
    server.say(step(2));
    const caughtUp = Promise.withResolvers<void>();
    first.onMessage((message) => message.type === "run" && message.number === 2 && caughtUp.resolve());
    await caughtUp.promise;
    second.subscribe("run:r1", (message) => {
      if (message.type !== "run") return;
      heard.second.push(message.number);
      if (message.number === 3) second2.resolve();
    });
    await server.until(() => server.asked.length === 3);
    expect(server.asked.slice(1)).toEqual([
      { type: "unsubscribe", topic: "run:r1" },
      { type: "subscribe", topic: "run:r1" },
    ]);
    for (const number of [1, 2, 3]) server.say(step(number));
    await second2.promise;
    expect(heard).toEqual({ first: [1, 2, 3], second: [1, 2, 3] });
  });
});

test("what has no number is told every time, and does not move the place", async () => {
  const server = serveLive();
  const hub = openBrowser(server.port).tab("a");
  const heard: unknown[] = [];
  const end = Promise.withResolvers<void>();
  hub.subscribe("run:r1", (message) => {
    if (message.type !== "run") return;
    heard.push(message.number);
    if (message.event === "end") end.resolve();
  });
  await server.until(() => server.asked.length === 1);
  server.say(step(1));
  server.say({ type: "run", run: "r1", event: "log", number: 0, data: "a line" });
  server.say(step(1));
  server.say({ type: "run", run: "r1", event: "end", number: 0, data: {} });
  await end.promise;
  expect(heard).toEqual([1, 0, 0]);
});

describe("a connection that is cut", () => {
  test("comes back and goes on after the last number that was heard", async () => {
    const server = serveLive();
    const hub = openBrowser(server.port).tab("a");
    const three = Promise.withResolvers<void>();
    hub.subscribe("run:r1", (message) => message.type === "run" && message.number === 3 && three.resolve());
    await server.until(() => server.asked.length === 1);
    for (const number of [1, 2, 3]) server.say(step(number));
    await three.promise;
    await server.stop();
    await untilState(hub, "lost");
    expect(hub.state.retryAt).toBeGreaterThan(0);
    const again = serveLive(server.port);
    hub.hurry();
    await again.until(() => again.asked.length === 1);
    expect(again.asked[0]).toEqual({ type: "subscribe", topic: "run:r1", after: 3 });
    await untilState(hub, "open");
  });

  test("is not tried again once the session has ended", async () => {
    const server = serveLive();
    const hub = openBrowser(server.port).tab("a");
    await untilState(hub, "open");
    server.say({ type: "ended", code: "session_ended" });
    await untilState(hub, "off");
    await server.until(() => server.sockets.size === 0);
    hub.hurry();
    expect(hub.state.status).toBe("off");
    hub.start();
    await untilState(hub, "open");
  });

  test("is tried again when only the rights have changed", async () => {
    const server = serveLive();
    const hub = openBrowser(server.port).tab("a");
    hub.subscribe("runs", () => undefined);
    await server.until(() => server.asked.length === 1);
    server.say({ type: "ended", code: "access_changed" });
    for (const socket of server.sockets) socket.close();
    await server.until(() => server.sockets.size === 0);
    hub.hurry();
    await server.until(() => server.asked.length === 2);
    await untilState(hub, "open");
  });

  test("is tried again later each time, up to a limit, and not by everybody at once", () => {
    expect([0, 1, 2, 3].map((attempt) => retryMs(attempt, () => 0))).toEqual([250, 500, 1_000, 2_000]);
    expect(retryMs(0, () => 0.5)).toBe(retryMsMin * 0.75);
    expect(retryMs(50, () => 0.999_999)).toBe(retryMsMax);
  });
});
