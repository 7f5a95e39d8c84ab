// What can be subscribed to, and what of it somebody may hear.
import { liveTopics } from "@sluice/protocol";
import type { LiveTopic } from "@sluice/protocol";
import type { Principal } from "@sluice/core/identity";

/** Topics about many things, of which it is said what has changed. */
export type SharedTopic = Exclude<LiveTopic, RunTopicKind>;

/** Topics about one run, asked for as `KIND:ID`. */
const runTopicKinds = ["run", "stream"] as const;
export type RunTopicKind = (typeof runTopicKinds)[number];

/** Where a topic leads; undefined when there is none of that name. */
export function topicOf(
  text: string,
): { readonly topic: SharedTopic } | { readonly run: string; readonly kind: RunTopicKind } | undefined {
  const kind = runTopicKinds.find((each) => text.startsWith(`${each}:`));
  if (kind !== undefined && text.length > kind.length + 1) return { run: text.slice(kind.length + 1), kind };
  const isShared = !(runTopicKinds as readonly string[]).includes(text);
  return isShared && Object.hasOwn(liveTopics, text) ? { topic: text as SharedTopic } : undefined;
}

/** The permission that is missing to hear of a topic at all. */
export function missingFor(topic: LiveTopic, principal: Principal): string | undefined {
  const permission = liveTopics[topic];
  return permission === "signed-in" || principal.may(permission) ? undefined : permission;
}

/** Whether state of this scope (`global`, `workflow:NAME`, `run:ID`) and key may be heard of. */
export function hearsState(principal: Principal, scope: string, key: string): boolean {
  if (!principal.allows("state:read", key)) return false;
  if (scope.startsWith("workflow:")) return principal.allows("workflow:read", scope.slice("workflow:".length));
  // Which workflow a run is of is not worth asking for here.
  return !scope.startsWith("run:") || principal.patterns("run:read") === undefined;
}
