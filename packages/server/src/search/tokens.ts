// Tokens: one's own, or everybody's for those who may see them; by a piece of their name, or the beginning that is shown.
import { unwrap } from "@sluice/core";
import { fitting, pageAt } from "./source.ts";
import type { SearchParts, SearchSource } from "./source.ts";

/** The newest are looked at. */
const scannedMax = 500;

export function tokenSearch({ identity, clock }: SearchParts): SearchSource {
  return {
    noun: "tokens",
    async search(request) {
      const { principal } = request;
      const all = principal.may("token:read");
      const { tokens, next } = unwrap(await identity.tokens.list(principal, { all, limit: scannedMax }));
      const { items, more } = fitting(tokens, request, ({ name, prefix, id }) => [
        name,
        ...[prefix, id].filter((each) => each.startsWith(request.text)),
      ]);
      const now = clock.now();
      const hits = items.map(({ id, name, prefix, revokedAt, expiresAt, createdAt }) => ({
        id,
        title: name,
        detail: `${prefix}…`,
        page: pageAt(["settings", "tokens"], { token: id }),
        status: revokedAt !== undefined ? "revoked" : expiresAt !== undefined && expiresAt <= now ? "expired" : null,
        at: createdAt,
      }));
      return { hits, more: more || next !== undefined };
    },
  };
}
