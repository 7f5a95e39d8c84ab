// One user: what they may do, how they sign in, where they are signed in, and what an administrator does about it.
import { useApi } from "../query.ts";
import type { Answer } from "../api.ts";
import { SessionsTable } from "../account/sessions-table.tsx";
import { useMay } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import { KeyValue } from "../ui/card.tsx";
import { Drawer } from "../ui/dialog.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Heading, Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { UserAccess } from "./user-access.tsx";
import { UserForm } from "./user-form.tsx";

export type UserDetail = Answer<"getUser">["user"];

interface UserDrawerProps {
  /** Id. */
  readonly user: string;
  readonly isMe: boolean;
  readonly onClose: () => void;
}

export function UserDrawer({ user, isMe, onClose }: UserDrawerProps) {
  const found = useApi("getUser", { params: { user } });
  const detail = found.data?.user;
  return (
    <Drawer open onClose={onClose} title={detail === undefined ? "User" : visibleText(detail.name)}>
      {found.error !== null ? (
        <div className="p-4">
          <ErrorState error={found.error} onRetry={() => void found.refetch()} />
        </div>
      ) : detail === undefined ? (
        <SkeletonRows rows={6} />
      ) : (
        <Body user={detail} isMe={isMe} />
      )}
    </Drawer>
  );
}

function Body({ user, isMe }: { readonly user: UserDetail; readonly isMe: boolean }) {
  const mayWrite = useMay("user:write");
  const sessions = useApi("listSessions", { query: { user: user.id } });
  return (
    <div className="flex flex-col divide-y divide-line">
      <div className="flex flex-col gap-3 p-4">
        {(user.disabled || isMe) && (
          <div className="flex gap-1.5">
            {user.disabled && <Badge tone="warn">Disabled</Badge>}
            {isMe && <Badge tone="accent">This is you</Badge>}
          </div>
        )}
        <KeyValue
          pairs={[
            { name: "Email", value: user.email === null ? "–" : <Text>{user.email}</Text> },
            { name: "Created", value: <Time at={user.createdAt} form="moment" /> },
            { name: "Last sign-in", value: user.signedInAt === null ? "Never" : <Time at={user.signedInAt} /> },
            { name: "Password", value: user.password ? "Set" : "None" },
            { name: "Second factor", value: user.secondFactor ? "On" : "Off" },
            { name: "Passkeys", value: String(user.passkeys) },
            { name: "Id", value: <Mono>{user.id}</Mono> },
          ]}
        />
      </div>
      <UserForm key={user.version} user={user} readOnly={!mayWrite} />
      {mayWrite && <UserAccess user={user} isMe={isMe} />}
      <section className="flex flex-col" aria-label="Sessions of the user">
        <div className="px-4 pt-3">
          <Heading>Signed in at</Heading>
        </div>
        {sessions.error !== null ? (
          <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} />
        ) : sessions.data === undefined ? (
          <SkeletonRows rows={1} />
        ) : (
          <SessionsTable sessions={sessions.data.sessions} canEnd={mayWrite} narrow />
        )}
      </section>
    </div>
  );
}
