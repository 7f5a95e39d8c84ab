// One's own account: who one is here, how one signs in, where one is signed in.
import { Link } from "@tanstack/react-router";
import { KeyRound, LogOut, UserX } from "lucide-react";
import { useMemo, useState } from "react";
import { useApi } from "../query.ts";
import { useMe, useSignOut } from "../session/session.ts";
import type { Me } from "../session/session.ts";
import { useActions } from "../shell/use-actions.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { PasskeysCard } from "./passkeys-card.tsx";
import { PasswordCard } from "./password-card.tsx";
import { SecondFactorCard } from "./second-factor-card.tsx";
import { SessionsTable } from "./sessions-table.tsx";

export function AccountPage() {
  const me = useMe();
  if (me === undefined) return <SkeletonRows rows={6} />;
  if (me.user === null || me.authentication !== "session") return <NoAccount me={me} />;
  const { user } = me;
  return (
    <div className="flex flex-col gap-4">
      <Profile user={user} />
      <PasswordCard name={user.name} isSet={user.password} />
      <SecondFactorCard isOn={user.secondFactor} hasPassword={user.password} />
      <PasskeysCard hasPassword={user.password} />
      <Sessions />
      <Card title="Tokens" detail="For programs that act for you">
        <Button asChild>
          <Link to="/settings/tokens">
            <KeyRound aria-hidden className="size-3.5" /> Your tokens
          </Link>
        </Button>
      </Card>
    </div>
  );
}

function NoAccount({ me }: { readonly me: Me }) {
  const off = me.authentication === "none";
  return (
    <EmptyState
      icon={UserX}
      title={off ? "Authentication is off" : "Nobody is signed in here"}
      command={off ? "sluice up" : "sluice user create NAME --admin"}
    >
      {off
        ? "Whoever reaches this server may do everything, so there is no account to look after. Start it without --no-auth to have users."
        : "This browser acts by a token, which has no password, sessions or passkeys."}
    </EmptyState>
  );
}

function Profile({ user }: { readonly user: NonNullable<Me["user"]> }) {
  return (
    <Card title="Profile">
      <KeyValue
        pairs={[
          { name: "Name", value: <Text className="font-medium">{user.name}</Text> },
          { name: "Email", value: user.email === null ? "–" : <Text>{user.email}</Text> },
          {
            name: "Roles",
            value: (
              <span className="flex flex-wrap gap-1">
                {user.roles.map((role) => (
                  <Badge key={role}>{role}</Badge>
                ))}
              </span>
            ),
          },
          { name: "Since", value: <Time at={user.createdAt} form="moment" /> },
          { name: "Id", value: <Mono>{user.id}</Mono> },
        ]}
      />
    </Card>
  );
}

function Sessions() {
  const sessions = useApi("listSessions", {});
  const signOut = useSignOut();
  const [asks, setAsks] = useState(false);
  const [busy, setBusy] = useState(false);
  useActions(
    useMemo(
      () => [
        {
          id: "account:sign-out-everywhere",
          group: "Account",
          label: "Sign out everywhere",
          icon: LogOut,
          run: () => setAsks(true),
        },
      ],
      [],
    ),
  );
  const everywhere = async () => {
    setBusy(true);
    await signOut(true);
    setBusy(false);
  };
  return (
    <Card
      title="Sessions"
      detail={sessions.data === undefined ? undefined : String(sessions.data.sessions.length)}
      flush
      actions={
        <Button size="sm" icon={LogOut} onClick={() => setAsks(true)}>
          Sign out everywhere
        </Button>
      }
    >
      {sessions.error !== null ? (
        <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} />
      ) : sessions.data === undefined ? (
        <SkeletonRows rows={2} />
      ) : (
        <SessionsTable sessions={sessions.data.sessions} canEnd />
      )}
      <ConfirmDialog
        open={asks}
        onClose={() => setAsks(false)}
        title="Sign out everywhere?"
        confirm="Sign out everywhere"
        danger
        busy={busy}
        onConfirm={() => void everywhere()}
      >
        Every session of yours ends, this one too, and what they have open closes at once. Tokens go on.
      </ConfirmDialog>
    </Card>
  );
}
