// The first user: made by whoever holds the link that the server printed at its first start. The secret is behind the
// `#`, which browsers send nowhere.
import { useQuery } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { api, asApiError } from "../api.ts";
import type { ApiError } from "../api.ts";
import { signInMethodsQuery, useSessionChanged } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { SignInFrame } from "./frame.tsx";

export function SetUpPage() {
  const methods = useQuery(signInMethodsQuery);
  const [secret] = useState(() => location.hash.slice(1));
  return (
    <SignInFrame title="Set up Sluice">
      {methods.error !== null ? (
        <ErrorState error={methods.error} onRetry={() => void methods.refetch()} />
      ) : methods.data === undefined ? (
        <Skeleton className="h-8" />
      ) : !methods.data.setUp ? (
        <div className="flex flex-col gap-3 text-sm">
          <p>This server has its first user already.</p>
          <Button asChild tone="primary">
            <Link to="/sign-in">Sign in</Link>
          </Button>
        </div>
      ) : secret === "" ? (
        <div className="flex flex-col gap-3 text-sm text-ink-soft">
          <p>Open the whole link that the server printed when it started, or create the first user at the server:</p>
          <CodeBlock text="sluice user create --admin NAME" />
        </div>
      ) : (
        <SetUpForm secret={secret} passwordCharsMin={methods.data.passwordCharsMin} />
      )}
    </SignInFrame>
  );
}

function SetUpForm({ secret, passwordCharsMin }: { readonly secret: string; readonly passwordCharsMin: number }) {
  const router = useRouter();
  const changed = useSessionChanged();
  const [failure, setFailure] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const setUp = async (name: string, password: string) => {
    setBusy(true);
    setFailure(undefined);
    try {
      await api("setUp", { body: { secret, name, password } });
      await changed();
      router.history.replace("/");
    } catch (error) {
      setFailure(asApiError(error));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    void setUp(formText(given, "name").trim(), formText(given, "password"));
  };
  const weak = failure?.code === "weak_password";
  const words = failure === undefined ? undefined : [failure.message, failure.hint].filter(Boolean).join(" ");
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <p className="text-sm text-ink-soft">You are making the first user, who may do everything.</p>
      <Field label="Name" error={weak ? undefined : words}>
        {(ties) => <Input {...ties} name="name" autoComplete="username" autoCapitalize="none" required autoFocus />}
      </Field>
      <Field label="Password" help={`At least ${passwordCharsMin} characters.`} error={weak ? words : undefined}>
        {(ties) => (
          <Input
            {...ties}
            name="password"
            type="password"
            autoComplete="new-password"
            minLength={passwordCharsMin}
            required
          />
        )}
      </Field>
      <Button tone="primary" type="submit" busy={busy}>
        Create and sign in
      </Button>
    </form>
  );
}
