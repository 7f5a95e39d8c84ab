// Who may sign in: a list with search, and one user at its side.
import { getRouteApi, Link } from "@tanstack/react-router";
import { Plus, ShieldCheck, UserPlus, Users } from "lucide-react";
import { useMemo } from "react";
import type { Answer } from "../api.ts";
import { usePages } from "../query.ts";
import { useMay, useMe } from "../session/session.ts";
import { useActions } from "../shell/use-actions.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { Input } from "../ui/field.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { CreateUserDialog } from "./create-user-dialog.tsx";
import { UserDrawer } from "./user-drawer.tsx";

const route = getRouteApi("/shell/settings/users");
type UserRow = Answer<"listUsers">["users"][number];
const rowsOf = (page: Answer<"listUsers">): readonly UserRow[] => page.users;

const columns: readonly Column<UserRow>[] = [
  {
    name: "name",
    label: "Name",
    cell: (user) => (
      <div className="min-w-0 py-1.5">
        <Link
          from="/settings/users"
          search={(before) => ({ ...before, user: user.id })}
          className="block font-medium text-ink hover:underline"
        >
          <Text truncate className="max-w-64 max-sm:max-w-36">
            {user.name}
          </Text>
        </Link>
        {user.email !== null && (
          <Text truncate className="max-w-64 text-xs text-ink-faint max-sm:max-w-36">
            {user.email}
          </Text>
        )}
      </div>
    ),
  },
  {
    name: "roles",
    label: "Roles",
    cell: ({ roles }) => (
      <span className="flex flex-wrap gap-1 py-1">
        {roles.map((role) => (
          <Badge key={role} tone={role === "admin" ? "accent" : "neutral"}>
            {role}
          </Badge>
        ))}
      </span>
    ),
  },
  {
    name: "protection",
    label: "Signs in by",
    from: "md",
    cell: (user) => <SignsInBy user={user} />,
  },
  {
    name: "signedIn",
    label: "Last sign-in",
    from: "sm",
    cell: ({ disabled, signedInAt }) =>
      disabled ? <Badge tone="warn">Disabled</Badge> : signedInAt === null ? "Never" : <Time at={signedInAt} />,
  },
  { name: "created", label: "Created", from: "xl", cell: ({ createdAt }) => <Time at={createdAt} /> },
];

function SignsInBy({ user }: { readonly user: UserRow }) {
  const ways = [
    user.password && "password",
    user.passkeys > 0 && (user.passkeys === 1 ? "passkey" : `${user.passkeys} passkeys`),
  ].filter((way) => way !== false);
  return (
    <span className="flex items-center gap-1.5 text-ink-soft">
      {ways.length === 0 ? "–" : ways.join(", ")}
      {user.secondFactor && (
        <Badge tone="good" icon={ShieldCheck}>
          2nd factor
        </Badge>
      )}
    </span>
  );
}

function useCreateAction(): void {
  const navigate = route.useNavigate();
  useActions(
    useMemo(
      () => [
        {
          id: "users:create",
          group: "Users",
          label: "New user",
          icon: UserPlus,
          keys: "n",
          needs: "user:write",
          run: () => void navigate({ search: (before) => ({ ...before, create: true }) }),
        },
      ],
      [navigate],
    ),
  );
}

export function UsersPage() {
  const { text, user, create } = route.useSearch();
  const navigate = route.useNavigate();
  const mayWrite = useMay("user:write");
  const me = useMe()?.user?.id;
  const users = usePages("listUsers", { query: { text, limit: 50 } }, { rowsOf, keepPrevious: true });
  const open = (change: { readonly user?: string | undefined; readonly create?: true | undefined }) =>
    void navigate({ search: (before) => ({ ...before, user: undefined, create: undefined, ...change }) });
  useCreateAction();
  return (
    <Card
      title="Users"
      flush
      actions={
        <>
          <div className="w-48 max-sm:w-32">
            <Input
              type="search"
              aria-label="Find users"
              placeholder="Name or address"
              value={text ?? ""}
              onChange={({ target }) =>
                void navigate({ search: (before) => ({ ...before, text: target.value || undefined }), replace: true })
              }
            />
          </div>
          {mayWrite && (
            <Button size="sm" tone="primary" icon={Plus} onClick={() => open({ create: true })}>
              New user
            </Button>
          )}
        </>
      }
    >
      {users.error !== null && users.rows.length === 0 ? (
        <ErrorState error={users.error} onRetry={users.refetch} />
      ) : users.isPending ? (
        <SkeletonRows />
      ) : (
        <Table
          label="Users"
          columns={columns}
          rows={users.rows}
          rowKey={({ id }) => id}
          onOpen={({ id }) => open({ user: id })}
          isSelected={({ id }) => id === user}
          empty={<NoUsers searched={text !== undefined} />}
        />
      )}
      {users.hasMore && (
        <div className="flex justify-center border-t border-line py-3">
          <Button size="sm" busy={users.isFetching} onClick={users.more}>
            More users
          </Button>
        </div>
      )}
      {create === true && mayWrite && (
        <CreateUserDialog onClose={() => open({})} onCreated={({ id }) => open({ user: id })} />
      )}
      {user !== undefined && <UserDrawer key={user} user={user} isMe={user === me} onClose={() => open({})} />}
    </Card>
  );
}

function NoUsers({ searched }: { readonly searched: boolean }) {
  if (searched) return <EmptyState icon={Users} title="No user fits" />;
  return (
    <EmptyState icon={Users} title="There is no user yet" command="sluice user create NAME --admin">
      The first one has the role admin. From then on the token of the first start is not taken any more.
    </EmptyState>
  );
}
