// Tokens for programs: one's own, and everybody's for those who may see them.
import { getRouteApi, Link } from "@tanstack/react-router";
import { KeyRound, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import type { Answer } from "../api.ts";
import { usePages } from "../query.ts";
import { useMay, useMe } from "../session/session.ts";
import { useActions } from "../shell/use-actions.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { grantWords } from "./access.ts";
import { CreateTokenDialog } from "./create-token-dialog.tsx";
import { NewSecret } from "./new-secret.tsx";
import { TokenState } from "./token-state.tsx";
import { TokenDrawer } from "./token-drawer.tsx";

const route = getRouteApi("/shell/settings/tokens");
export type TokenRow = Answer<"listTokens">["tokens"][number];
const rowsOf = (page: Answer<"listTokens">): readonly TokenRow[] => page.tokens;

const columns: readonly Column<TokenRow>[] = [
  {
    name: "name",
    label: "Name",
    cell: (token) => (
      <div className="min-w-0 py-1.5">
        <Link
          from="/settings/tokens"
          search={(before) => ({ ...before, token: token.id })}
          className="block font-medium text-ink hover:underline"
        >
          <Text truncate className="max-w-64 max-sm:max-w-36">
            {token.name}
          </Text>
        </Link>
        <Mono className="text-xs text-ink-faint">{`${token.prefix}…`}</Mono>
      </div>
    ),
  },
  { name: "owner", label: "Owner", from: "lg", cell: ({ owner }) => (owner === null ? "–" : <Text>{owner}</Text>) },
  {
    name: "may",
    label: "May do",
    from: "md",
    cell: ({ role, grants, limits }) => (
      <span className="flex flex-wrap items-center gap-1.5">
        {role === null ? (
          <Text truncate className="max-w-60 text-ink-soft">
            {grantWords(grants)}
          </Text>
        ) : (
          <Badge tone={role === "admin" ? "accent" : "neutral"}>{role}</Badge>
        )}
        {Object.keys(limits).length > 0 && <Badge tone="info">Limited</Badge>}
      </span>
    ),
  },
  {
    name: "used",
    label: "Last used",
    from: "sm",
    cell: ({ usedAt }) => (usedAt === null ? "Never" : <Time at={usedAt} />),
  },
  { name: "expires", label: "Expires", cell: (token) => <TokenState token={token} /> },
];

function useCreateAction(): void {
  const navigate = route.useNavigate();
  useActions(
    useMemo(
      () => [
        {
          id: "tokens:create",
          group: "Tokens",
          label: "New token",
          icon: KeyRound,
          keys: "n",
          run: () => void navigate({ search: (before) => ({ ...before, create: true }) }),
        },
      ],
      [navigate],
    ),
  );
}

export function TokensPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const me = useMe();
  const mayAll = useMay("token:read");
  const [made, setMade] = useState<Answer<"createToken">>();
  // Whoever is no user has none of their own.
  const isUser = me?.user !== null;
  const everybody = mayAll && (search.of === "everybody" || !isUser);
  const tokens = usePages("listTokens", { query: { all: everybody, limit: 50 } }, { rowsOf, keepPrevious: true });
  const open = (change: { readonly token?: string; readonly create?: true }) =>
    void navigate({ search: (before) => ({ of: before.of, ...change }) });
  useCreateAction();
  const list = <TokenList tokens={tokens} shown={search.token} onOpen={(token) => open({ token })} />;
  return (
    <Card
      title="Tokens"
      detail="For programs"
      flush
      actions={
        <Button size="sm" tone="primary" icon={Plus} onClick={() => open({ create: true })}>
          New token
        </Button>
      }
    >
      {mayAll && isUser ? (
        <div className="px-4">
          <Tabs
            label="Whose tokens"
            tabs={[
              { name: "own", label: "Yours" },
              { name: "everybody", label: "Everybody's" },
            ]}
            current={everybody ? "everybody" : "own"}
            onChange={(name) => void navigate({ search: name === "everybody" ? { of: "everybody" } : {} })}
          >
            <div className="-mx-4 -mt-3">{list}</div>
          </Tabs>
        </div>
      ) : (
        list
      )}
      {search.create === true && made === undefined && (
        <CreateTokenDialog
          onClose={() => open({})}
          onCreated={(answer) => {
            setMade(answer);
            open({});
          }}
        />
      )}
      {made !== undefined && <NewSecret made={made} onClose={() => setMade(undefined)} />}
      {search.token !== undefined && (
        <TokenDrawer
          id={search.token}
          listed={tokens.rows.find(({ id }) => id === search.token)}
          onClose={() => open({})}
        />
      )}
    </Card>
  );
}

interface TokenListProps {
  readonly tokens: ReturnType<typeof usePages<"listTokens", TokenRow>>;
  readonly shown: string | undefined;
  readonly onOpen: (token: string) => void;
}

function TokenList({ tokens, shown, onOpen }: TokenListProps) {
  if (tokens.error !== null && tokens.rows.length === 0)
    return <ErrorState error={tokens.error} onRetry={tokens.refetch} />;
  if (tokens.isPending) return <SkeletonRows />;
  return (
    <>
      <Table
        label="Tokens"
        columns={columns}
        rows={tokens.rows}
        rowKey={({ id }) => id}
        onOpen={({ id }) => onOpen(id)}
        isSelected={({ id }) => id === shown}
        empty={
          <EmptyState icon={KeyRound} title="No tokens" command="sluice token create --role viewer --name NAME">
            A token lets a program in, with no more than you may do yourself.
          </EmptyState>
        }
      />
      {tokens.hasMore && (
        <div className="flex justify-center border-t border-line py-3">
          <Button size="sm" busy={tokens.isFetching} onClick={tokens.more}>
            More tokens
          </Button>
        </div>
      )}
    </>
  );
}
