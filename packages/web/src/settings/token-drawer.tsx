// One token: what it may do, what it is limited to, and its end.
import { KeyRound, Trash2 } from "lucide-react";
import { useState } from "react";
import { useApi, useCall } from "../query.ts";
import { useMay, useMe } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { KeyValue } from "../ui/card.tsx";
import { ConfirmDialog, Drawer } from "../ui/dialog.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Heading, Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { choiceOf } from "./access.ts";
import { PermissionMatrix } from "./permission-matrix.tsx";
import type { TokenRow } from "./tokens-page.tsx";
import { TokenState } from "./token-state.tsx";

interface TokenDrawerProps {
  readonly id: string;
  /** As the list has it, where it does. */
  readonly listed: TokenRow | undefined;
  readonly onClose: () => void;
}

export function TokenDrawer({ id, listed, onClose }: TokenDrawerProps) {
  // One that was searched for may be somebody else's, or further down than the list was read.
  const read = useApi("getToken", { params: { token: id } }, { enabled: listed === undefined });
  const token = listed ?? read.data?.token;
  return (
    <Drawer open onClose={onClose} title={token === undefined ? "Token" : visibleText(token.name)}>
      {token !== undefined ? (
        <Body token={token} />
      ) : read.error === null ? (
        <SkeletonRows />
      ) : read.error.status === 404 ? (
        <EmptyState icon={KeyRound} title="There is no such token">
          Or it is somebody else's, and not yours to see.
        </EmptyState>
      ) : (
        <ErrorState error={read.error} onRetry={() => void read.refetch()} />
      )}
    </Drawer>
  );
}

function Body({ token }: { readonly token: TokenRow }) {
  const known = useApi("listRoles", {}, { enabled: useMay("role:read") }).data;
  const limits = Object.entries(token.limits);
  return (
    <div className="flex flex-col gap-4 py-4">
      <KeyValue
        className="px-4"
        pairs={[
          { name: "Begins with", value: <Mono>{token.prefix}</Mono> },
          { name: "Owner", value: token.owner === null ? "Nobody" : <Text>{token.owner}</Text> },
          { name: "Role", value: token.role === null ? "–" : <Badge>{token.role}</Badge> },
          { name: "Created", value: <Time at={token.createdAt} form="moment" /> },
          { name: "Last used", value: token.usedAt === null ? "Never" : <Time at={token.usedAt} /> },
          { name: "Expires", value: <TokenState token={token} /> },
          token.revokedAt === null ? null : { name: "Revoked", value: <Time at={token.revokedAt} form="moment" /> },
          ...limits.map(([selector, only]) => ({
            name: `Only ${selector}`,
            value: (
              <span className="flex flex-wrap gap-1">
                {only.map((pattern) => (
                  <Mono key={pattern}>{pattern}</Mono>
                ))}
              </span>
            ),
          })),
          { name: "Id", value: <Mono>{token.id}</Mono> },
        ]}
      />
      {token.revokedAt === null && <Revoke token={token} />}
      <div className="border-t border-line">
        <div className="px-4 pt-3">
          <Heading detail="Never more than its owner may do now">May do</Heading>
        </div>
        {known === undefined ? (
          <ul className="flex flex-col gap-1 px-4 py-3">
            {token.grants.map(({ permission, only }) => (
              <li key={permission}>
                <Mono>{only === undefined ? permission : `${permission} on ${only.join(", ")}`}</Mono>
              </li>
            ))}
          </ul>
        ) : (
          <PermissionMatrix
            permissions={known.permissions.filter(({ permission }) =>
              choiceOf(token.grants, known.permissions).has(permission),
            )}
            choice={choiceOf(token.grants, known.permissions)}
            mayShell
          />
        )}
      </div>
    </div>
  );
}

function Revoke({ token }: { readonly token: TokenRow }) {
  const mayAll = useMay("token:write");
  const isOwn = useMe()?.user?.name === token.owner;
  const [asks, setAsks] = useState(false);
  const revoke = useCall("revokeToken", {
    done: "Token revoked",
    changes: ["listTokens", "getToken"],
    onDone: () => setAsks(false),
  });
  if (!mayAll && !isOwn) return null;
  return (
    <div className="px-4">
      <Button icon={Trash2} onClick={() => setAsks(true)}>
        Revoke token
      </Button>
      <ConfirmDialog
        open={asks}
        onClose={() => setAsks(false)}
        title="Revoke this token?"
        confirm="Revoke"
        danger
        busy={revoke.isPending}
        onConfirm={() => revoke.mutate({ params: { token: token.id } })}
      >
        Programs that use <Text className="font-medium text-ink">{token.name}</Text> are not let in any more, at once
        and for good.
      </ConfirmDialog>
    </div>
  );
}
