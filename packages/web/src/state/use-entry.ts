// Changing one value of the state: only from the version one has seen, and deleting in a way that can be taken back.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, asApiError } from "../api.ts";
import type { Answer, ApiError } from "../api.ts";
import { useToasts } from "../parts.ts";
import { visibleText } from "../ui/visible-text.ts";

export type Entry = Answer<"getState">;

/** Somebody else was faster: what is there now; null when they deleted it. */
export interface Conflict {
  readonly theirs: Entry | null;
}

export interface Change {
  readonly value: unknown;
  /** As `1 hour`; "" keeps it for ever. */
  readonly ttl: string;
  /** Of the value this is made from; 0: there must be none. */
  readonly ifVersion: number;
}

/** `If-Match: "3"`, or that the key must not exist. */
function condition(ifVersion: number): Readonly<Record<string, string>> {
  return ifVersion === 0 ? { "if-none-match": "*" } : { "if-match": `"${ifVersion}"` };
}

async function readEntry(scope: string, key: string): Promise<Entry | null> {
  try {
    return await api("getState", { params: { scope, key } });
  } catch (error) {
    if (asApiError(error).status === 404) return null;
    throw error;
  }
}

/** Milliseconds or words, as they were typed. */
function ttlOf(text: string): { ttl?: string | number } {
  const trimmed = text.trim();
  if (trimmed === "") return {};
  return { ttl: /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed };
}

export function useEntryChanges(scope: string) {
  const client = useQueryClient();
  const toasts = useToasts();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const [conflict, setConflict] = useState<Conflict>();
  const refresh = async () => {
    await Promise.all(
      (["listState", "getState"] as const).map(async (route) => client.invalidateQueries({ queryKey: [route] })),
    );
  };
  /** Does it, or shows what stands in the way; whether it was done. */
  const attempt = async (key: string, todo: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setError(undefined);
    try {
      await todo();
      setConflict(undefined);
      await refresh();
      return true;
    } catch (failure) {
      const known = asApiError(failure);
      if (known.code !== "state_version_conflict") setError(known);
      else {
        try {
          setConflict({ theirs: await readEntry(scope, key) });
        } catch (unread) {
          setError(asApiError(unread));
        }
      }
      return false;
    } finally {
      setBusy(false);
    }
  };
  const save = async (key: string, { value, ttl, ifVersion }: Change) =>
    attempt(key, async () =>
      api("setState", { params: { scope, key }, headers: condition(ifVersion), body: { value, ...ttlOf(ttl) } }),
    );
  const remove = async (entry: Entry) =>
    attempt(entry.key, async () => {
      const { key, value, version, expiresAt } = entry;
      await api("deleteState", { params: { scope, key }, headers: condition(version) });
      const undo = () => {
        const left = expiresAt === null ? {} : { ttl: Math.max(1, expiresAt - Date.now()) };
        void api("setState", { params: { scope, key }, headers: condition(0), body: { value, ...left } }).then(
          refresh,
          (failure: unknown) => toasts.fail(failure),
        );
      };
      toasts.show({ title: `Deleted ${visibleText(key)}`, undo });
    });
  return { busy, error, conflict, save, remove, forget: () => setConflict(undefined) };
}
