// The live stream in components.
import type { LiveMessage, LiveTopic } from "@sluice/protocol";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import type { ApiRoute } from "../api.ts";
import { useParts } from "../parts.ts";
import type { LiveState } from "./connection.ts";

/** How things stand with the connection. */
export function useLiveState(): LiveState {
  const { live } = useParts();
  return useSyncExternalStore(live.subscribeState, () => live.state);
}

export type LiveTopicName = Exclude<LiveTopic, "run" | "stream"> | `run:${string}` | `stream:${string}`;

/**
 * Hears of a topic while the component is there; `undefined` hears nothing. `after`: number of the last event of a
 * `run:ID` or `stream:ID` that is known already; a change of it alone does not subscribe again.
 */
export function useLive(topic: LiveTopicName | undefined, onMessage: (message: LiveMessage) => void, after = 0): void {
  const { live } = useParts();
  const listener = useEffectEvent(onMessage);
  const from = useEffectEvent(() => after);
  useEffect(() => {
    if (topic === undefined) return undefined;
    return live.subscribe(topic, (message) => listener(message), from());
  }, [live, topic]);
}

/** Reads these routes again whenever something of the topic has changed. */
export function useLiveRefresh(topic: LiveTopicName, routes: readonly ApiRoute[]): void {
  const client = useQueryClient();
  useLive(topic, ({ type }) => {
    if (type !== "changed" && type !== "lagged" && type !== "runs") return;
    for (const route of routes) void client.invalidateQueries({ queryKey: [route] });
  });
}
