// What clients say on the WebSocket of logs, taken apart.

/** What one may be told of: all entries of the tenant, those of one client, or what a filter fits. */
export interface SubscribeMessage {
  readonly kind: "subscribe" | "unsubscribe";
  readonly topics: readonly string[];
  /** So many of the latest entries come first. */
  readonly last: number;
  /** Number of the last entry that was seen: what came after it comes first. */
  readonly after: number | undefined;
}

export type LogMessage =
  | { readonly kind: "entry"; readonly id: string | undefined; readonly entry: Record<string, unknown> }
  | {
      readonly kind: "batch";
      readonly key: string | undefined;
      readonly entries: readonly unknown[];
      readonly labels: unknown;
    }
  | SubscribeMessage
  | {
      readonly kind: "bad";
      readonly id: string | undefined;
      readonly code: "invalid_json" | "invalid_input";
      readonly message: string;
    };

const keyCharsMax = 256;
const topicCharsMax = 4_096;

/** `{id?,type?,message,…}` is an entry, `{key?,entries}` a batch, `{type:"subscribe",topics}` no entry. */
export function logMessage(text: string): LogMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "bad", id: undefined, code: "invalid_json", message: "The message is not JSON." };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return bad(undefined, "The message is not an object.");
  }
  const message = value as Record<string, unknown>;
  if (message["entries"] !== undefined) return batchOf(message);
  const { id, type } = message;
  if ((type === "subscribe" || type === "unsubscribe") && message["topics"] !== undefined) {
    return subscriptionOf(type, message);
  }
  if (id !== undefined && ((typeof id !== "string" && typeof id !== "number") || String(id).length > keyCharsMax)) {
    return bad(undefined, `id is a text of up to ${keyCharsMax} characters, or a number.`);
  }
  const name = id === undefined ? undefined : String(id);
  if (typeof message["message"] !== "string") return bad(name, "message is missing, or no text.");
  return { kind: "entry", id: name, entry: message };
}

function bad(id: string | undefined, message: string): LogMessage {
  return { kind: "bad", id, code: "invalid_input", message };
}

function batchOf({ key, entries, labels }: Record<string, unknown>): LogMessage {
  const name = key === undefined || key === null ? undefined : key;
  if (name !== undefined && (typeof name !== "string" || name === "" || name.length > keyCharsMax)) {
    return bad(undefined, `key is a text of 1 to ${keyCharsMax} characters.`);
  }
  if (!Array.isArray(entries)) return bad(name, "entries is not a list.");
  return { kind: "batch", key: name, entries: entries as unknown[], labels };
}

function subscriptionOf(kind: "subscribe" | "unsubscribe", message: Record<string, unknown>): LogMessage {
  const { topics, last = 0, after } = message;
  const isTopic = (topic: unknown): boolean => typeof topic === "string" && topic.length <= topicCharsMax;
  if (!Array.isArray(topics) || !topics.every(isTopic)) return bad(undefined, "topics is not a list of texts.");
  if (!isCount(last) || (after !== undefined && !isCount(after)))
    return bad(undefined, "last and after are whole numbers.");
  return { kind, topics: topics as string[], last, after };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
