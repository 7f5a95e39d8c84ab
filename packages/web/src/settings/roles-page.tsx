// Roles: those that come with the product, and those made here.
import { getRouteApi, Link } from "@tanstack/react-router";
import { Lock, Plus, ShieldPlus } from "lucide-react";
import { useMemo } from "react";
import { useApi } from "../query.ts";
import { useMay } from "../session/session.ts";
import { useActions } from "../shell/use-actions.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { grantWords } from "./access.ts";
import type { RoleRow } from "./access.ts";
import { RoleEditor } from "./role-editor.tsx";

const route = getRouteApi("/shell/settings/roles");

const columns: readonly Column<RoleRow>[] = [
  {
    name: "name",
    label: "Role",
    cell: ({ name }) => (
      <Link from="/settings/roles" search={{ role: name }} className="font-medium text-ink hover:underline">
        {name}
      </Link>
    ),
  },
  {
    name: "about",
    label: "About",
    from: "md",
    cell: ({ name, about }) => <Text className="text-ink-soft">{about ?? builtInWords[name] ?? "–"}</Text>,
  },
  {
    name: "grants",
    label: "May do",
    cell: ({ grants }) => (
      <Text truncate className="max-w-72 max-sm:max-w-40">
        {grantWords(grants)}
      </Text>
    ),
  },
  {
    name: "builtIn",
    label: "",
    align: "end",
    cell: ({ builtIn }) => builtIn && <Badge icon={Lock}>Built in</Badge>,
  },
];

const builtInWords: Readonly<Record<string, string>> = {
  viewer: "Sees everything that runs",
  operator: "Starts, stops, decides",
  developer: "Forks runs and changes state too",
  admin: "May do everything",
  worker: "For workers alone",
};

export function RolesPage() {
  const { role, create, from } = route.useSearch();
  const navigate = route.useNavigate();
  const mayWrite = useMay("role:write");
  const roles = useApi("listRoles", {});
  useActions(
    useMemo(
      () => [
        {
          id: "roles:create",
          group: "Roles",
          label: "New role",
          icon: ShieldPlus,
          keys: "n",
          needs: "role:write",
          run: () => void navigate({ search: { create: true } }),
        },
      ],
      [navigate],
    ),
  );
  if (roles.error !== null && roles.data === undefined)
    return <ErrorState error={roles.error} onRetry={() => void roles.refetch()} />;
  if (roles.data === undefined) return <SkeletonRows />;
  const { data } = roles;
  const named = (name: string | undefined) => data.roles.find((each) => each.name === name);
  if (create === true && mayWrite)
    return <RoleEditor key={`new:${from ?? ""}`} known={data} role={undefined} from={named(from)} />;
  if (role !== undefined) {
    const shown = named(role);
    if (shown !== undefined) return <RoleEditor key={role} known={data} role={shown} from={undefined} />;
    return (
      <EmptyState
        title="There is no such role"
        actions={
          <Button asChild>
            <Link to="/settings/roles">All roles</Link>
          </Button>
        }
      >
        It may have been deleted.
      </EmptyState>
    );
  }
  return (
    <Card
      title="Roles"
      flush
      actions={
        mayWrite && (
          <Button size="sm" tone="primary" icon={Plus} onClick={() => void navigate({ search: { create: true } })}>
            New role
          </Button>
        )
      }
    >
      <Table
        label="Roles"
        columns={columns}
        rows={data.roles}
        rowKey={({ name }) => name}
        onOpen={({ name }) => void navigate({ search: { role: name } })}
      />
    </Card>
  );
}
