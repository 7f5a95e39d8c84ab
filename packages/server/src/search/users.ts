// Users, for those who may see them: by a piece of their name or address.
import { nothing, pageAt } from "./source.ts";
import type { SearchParts, SearchSource } from "./source.ts";

export function userSearch({ identity }: SearchParts): SearchSource {
  return {
    noun: "users",
    async search({ text, limit, principal }) {
      if (!principal.may("user:read")) return nothing;
      const { users, next } = await identity.users.list({ text, limit });
      const hits = users.map(({ id, name, email, roles, disabled, signedInAt }) => ({
        id,
        title: name,
        detail: [email, roles.join(", ")].filter((part) => part !== undefined && part !== "").join(" · "),
        page: pageAt(["settings", "users"], { user: id }),
        status: disabled ? "disabled" : null,
        at: signedInAt ?? null,
      }));
      return { hits, more: next !== undefined };
    },
  };
}
