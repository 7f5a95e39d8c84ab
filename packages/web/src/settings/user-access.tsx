// What is done about how somebody signs in: a new password, no second factor, signed out, disabled.
import { Ban, KeyRound, LogOut, ShieldOff, UserCheck } from "lucide-react";
import { useId, useState } from "react";
import type { SubmitEvent } from "react";
import { FailureNote } from "../account/failure-note.tsx";
import { useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog, Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { Text } from "../ui/text.tsx";
import { useIsLastAdmin } from "./last-admin.ts";
import type { UserDetail } from "./user-drawer.tsx";

type Question = "disable" | "second-factor" | "sign-out" | "password";

export function UserAccess({ user, isMe }: { readonly user: UserDetail; readonly isMe: boolean }) {
  const [asks, setAsks] = useState<Question>();
  const lastAdmin = useIsLastAdmin(user);
  const done = () => setAsks(undefined);
  const changes = ["getUser", "listUsers", "listSessions"] as const;
  const update = useCall("updateUser", { changes, onDone: done });
  const signOut = useCall("endUserSessions", {
    changes,
    onDone: done,
    done: ({ ended }) => (ended === 1 ? "1 session ended" : `${ended} sessions ended`),
  });
  const params = { user: user.id };
  return (
    <section aria-label="Access" className="flex flex-col gap-2 p-4">
      <div className="flex flex-wrap gap-2">
        <Button icon={KeyRound} onClick={() => setAsks("password")}>
          Set password
        </Button>
        {user.secondFactor && (
          <Button icon={ShieldOff} onClick={() => setAsks("second-factor")}>
            Take second factor away
          </Button>
        )}
        <Button icon={LogOut} onClick={() => setAsks("sign-out")}>
          Sign out everywhere
        </Button>
        {user.disabled ? (
          <Button
            icon={UserCheck}
            busy={update.isPending}
            onClick={() => update.mutate({ params, body: { disabled: false } })}
          >
            Enable
          </Button>
        ) : (
          <Button icon={Ban} disabled={lastAdmin || isMe} onClick={() => setAsks("disable")}>
            Disable
          </Button>
        )}
      </div>
      {!user.disabled && (lastAdmin || isMe) && (
        <p className="text-xs text-ink-faint">
          {lastAdmin
            ? "The last user with the role admin cannot be disabled: give the role to somebody else first."
            : "Nobody disables themselves: ask another administrator."}
        </p>
      )}
      <UserQuestions
        user={user}
        asks={asks}
        onClose={done}
        busy={update.isPending || signOut.isPending}
        onDisable={() => update.mutate({ params, body: { disabled: true } })}
        onSecondFactor={() => update.mutate({ params, body: { secondFactor: false } })}
        onSignOut={() => signOut.mutate({ params })}
      />
      {asks === "password" && <SetPassword user={user} onClose={done} />}
    </section>
  );
}

interface UserQuestionsProps {
  readonly user: UserDetail;
  readonly asks: Question | undefined;
  readonly onClose: () => void;
  readonly busy: boolean;
  readonly onDisable: () => void;
  readonly onSecondFactor: () => void;
  readonly onSignOut: () => void;
}

function UserQuestions({ user, asks, onClose, busy, onDisable, onSecondFactor, onSignOut }: UserQuestionsProps) {
  const name = <Text className="font-medium text-ink">{user.name}</Text>;
  return (
    <>
      <ConfirmDialog
        open={asks === "disable"}
        onClose={onClose}
        title="Disable this user?"
        confirm="Disable"
        danger
        busy={busy}
        onConfirm={onDisable}
      >
        {name} is signed out at once, and neither they nor their tokens are let in until they are enabled again.
      </ConfirmDialog>
      <ConfirmDialog
        open={asks === "second-factor"}
        onClose={onClose}
        title="Take the second factor away?"
        confirm="Take it away"
        danger
        busy={busy}
        onConfirm={onSecondFactor}
      >
        The password of {name} alone is enough then. For who has lost their phone and their recovery codes: be sure that
        it is them who asks.
      </ConfirmDialog>
      <ConfirmDialog
        open={asks === "sign-out"}
        onClose={onClose}
        title="Sign this user out everywhere?"
        confirm="Sign out"
        danger
        busy={busy}
        onConfirm={onSignOut}
      >
        Every session of {name} ends at once. Their tokens go on.
      </ConfirmDialog>
    </>
  );
}

function SetPassword({ user, onClose }: { readonly user: UserDetail; readonly onClose: () => void }) {
  const form = useId();
  const set = useCall("updateUser", {
    failures: "inline",
    done: "Password set",
    changes: ["getUser", "listUsers", "listSessions"],
    onDone: onClose,
  });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = formText(new FormData(event.currentTarget), "password");
    set.mutate({ params: { user: user.id }, body: { password } });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title="Set password"
      detail="They are signed out everywhere, and sign in with this one."
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button tone="primary" type="submit" form={form} busy={set.isPending}>
            Set password
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-3">
        <Field label="New password">
          {(ties) => <Input {...ties} name="password" type="password" autoComplete="new-password" required autoFocus />}
        </Field>
        <FailureNote error={set.error} />
      </form>
    </Dialog>
  );
}
