// Who is signed in here, and what they may do.
import type { Permission } from "@sluice/protocol";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import type { Answer } from "../api.ts";
import { api } from "../api.ts";
import { useParts } from "../parts.ts";
import { apiKey, apiQuery } from "../query.ts";
import { allows } from "./grants.ts";

export type Me = Answer<"me">;

/** Asked for once a load; everything that could change it invalidates it. */
export const meQuery = { ...apiQuery("me"), staleTime: Infinity, gcTime: Infinity };
export const signInMethodsQuery = { ...apiQuery("signInMethods"), staleTime: 60_000 };

/** Who is signed in. Pages inside the shell are not shown before this is known. */
export function useMe(): Me | undefined {
  return useQuery(meQuery).data;
}

/**
 * Whether one may do this. `value`: what the permission is narrowed to, as the name of a workflow; without it, whether one
 * may do it at all. The server decides for itself: this only spares people buttons that would be refused.
 */
export function useMay(permission: Permission, value?: string): boolean {
  const me = useMe();
  return me !== undefined && allows(me.grants, permission, value);
}

/** The same for many values, as the rows of a list. */
export function useMayOf(): (permission: Permission, value?: string) => boolean {
  const me = useMe();
  return useCallback(
    (permission: Permission, value?: string) => me !== undefined && allows(me.grants, permission, value),
    [me],
  );
}

/** Signs out, here or everywhere, and forgets everything that was read. */
export function useSignOut(): (everywhere: boolean) => Promise<void> {
  const client = useQueryClient();
  const { live, toasts } = useParts();
  return useCallback(
    async (everywhere: boolean) => {
      try {
        await api("signOut", { body: { everywhere } });
      } catch (error) {
        toasts.fail(error);
        return;
      }
      live.stop();
      client.clear();
      // A whole load, so that nothing of what was shown stays in memory.
      location.assign("/sign-in");
    },
    [client, live, toasts],
  );
}

/** Reads anew who is signed in, as after signing in. */
export function useSessionChanged(): () => Promise<void> {
  const client = useQueryClient();
  return useCallback(async () => {
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== apiKey("signInMethods")[0] });
    await client.query(meQuery);
  }, [client]);
}
