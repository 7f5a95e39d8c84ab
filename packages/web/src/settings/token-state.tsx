// Until when a token is good, or what ended it.
import type { Answer } from "../api.ts";
import { Badge } from "../ui/badge.tsx";
import { Time, useNow } from "../ui/time.tsx";

type TokenRow = Answer<"listTokens">["tokens"][number];
const minuteMs = 60_000;

/** What became of a token, in a word. */
export function TokenState({ token }: { readonly token: TokenRow }) {
  const now = useNow(minuteMs);
  if (token.revokedAt !== null) return <Badge tone="bad">Revoked</Badge>;
  if (token.expiresAt === null) return <span className="text-ink-soft">Never</span>;
  if (token.expiresAt <= now) return <Badge tone="warn">Expired</Badge>;
  return <Time at={token.expiresAt} />;
}
