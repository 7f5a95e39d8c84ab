// Signing in: by name and password, with a code where one is set up, by passkey, or by the identity provider.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { Fingerprint, KeyRound } from "lucide-react";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { api, apiUrl, asApiError } from "../api.ts";
import type { Answer, ApiError } from "../api.ts";
import { signInMethodsQuery, useSessionChanged } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { SignInFrame } from "./frame.tsx";
import { refusalWords } from "./refusal-words.ts";
import { returnPath } from "./return-path.ts";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const methods = useQuery(signInMethodsQuery);
  const search = route.useSearch();
  const router = useRouter();
  const changed = useSessionChanged();
  const page = returnPath(search.return);
  const enter = async () => {
    await changed();
    router.history.replace(page);
  };
  return (
    <SignInFrame title="Sign in to Sluice">
      {methods.error !== null ? (
        <ErrorState error={methods.error} onRetry={() => void methods.refetch()} />
      ) : methods.data === undefined ? (
        <div className="flex flex-col gap-3">
          <Skeleton className="h-8" />
          <Skeleton className="h-8" />
        </div>
      ) : (
        <Methods methods={methods.data} page={page} enter={enter} refused={search.error} />
      )}
    </SignInFrame>
  );
}

interface MethodsProps {
  readonly methods: Answer<"signInMethods">;
  /** Where to go then. */
  readonly page: string;
  readonly enter: () => Promise<void>;
  /** Why the identity provider's answer led to no session: a code of ours. */
  readonly refused: string | undefined;
}

function Methods({ methods, page, enter, refused }: MethodsProps) {
  const [failure, setFailure] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const attempt = async (signIn: () => Promise<unknown>) => {
    setBusy(true);
    setFailure(undefined);
    try {
      await signIn();
      await enter();
    } catch (error) {
      setFailure(asApiError(error));
    } finally {
      setBusy(false);
    }
  };
  const { openid } = methods;
  return (
    <div className="flex flex-col gap-3">
      {failure === undefined && refused !== undefined && <Refusal {...refusalWords(refused)} />}
      {methods.password && <PasswordForm busy={busy} failure={failure} attempt={attempt} />}
      {failure !== undefined && failure.code !== "second_factor_required" && (
        <Refusal message={failure.message} hint={failure.hint} />
      )}
      {methods.passkey && (
        <Button icon={Fingerprint} disabled={busy} onClick={() => void attempt(signInByPasskey)}>
          Sign in with a passkey
        </Button>
      )}
      {openid !== null && (
        <Button asChild>
          <a href={apiUrl("openidSignIn", { query: { return: page } })}>
            <KeyRound aria-hidden className="size-3.5" />
            Sign in with <Text>{openid.name}</Text>
          </a>
        </Button>
      )}
      {methods.setUp && (
        <p className="text-center text-xs text-ink-faint">
          There is no user yet: open the link that <code className="font-mono">sluice up</code> printed, or run{" "}
          <code className="font-mono">sluice user create --admin</code>.
        </p>
      )}
    </div>
  );
}

function Refusal({ message, hint }: { readonly message: string; readonly hint?: string | undefined }) {
  return (
    <div role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
      <Text>{message}</Text>
      {hint !== undefined && (
        <p className="text-xs">
          <Text>{hint}</Text>
        </p>
      )}
    </div>
  );
}

async function signInByPasskey(): Promise<void> {
  const { startAuthentication } = await import("@simplewebauthn/browser");
  const { challenge, options } = await api("beginPasskeySignIn", { body: {} });
  type Options = Parameters<typeof startAuthentication>[0]["optionsJSON"];
  const credential = await startAuthentication({ optionsJSON: options as Options });
  await api("passkeySignIn", { body: { challenge, credential } });
}

interface PasswordFormProps {
  readonly busy: boolean;
  readonly failure: ApiError | undefined;
  readonly attempt: (signIn: () => Promise<unknown>) => Promise<void>;
}

function PasswordForm({ busy, failure, attempt }: PasswordFormProps) {
  const [asksForCode, setAsksForCode] = useState(false);
  if (failure?.code === "second_factor_required" && !asksForCode) setAsksForCode(true);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const code = formText(given, "code").replaceAll(/\s/g, "");
    const name = formText(given, "name").trim();
    const body = { name, password: formText(given, "password"), ...(code === "" ? {} : { code }) };
    void attempt(async () => api("signIn", { body }));
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <Field label="Name">
        {(ties) => (
          <Input {...ties} name="name" autoComplete="username webauthn" autoCapitalize="none" required autoFocus />
        )}
      </Field>
      <Field label="Password">
        {(ties) => <Input {...ties} name="password" type="password" autoComplete="current-password" required />}
      </Field>
      {asksForCode && (
        <Field label="Code" help="Of your authenticator app, or a recovery code.">
          {(ties) => <Input {...ties} name="code" autoComplete="one-time-code" inputMode="text" required autoFocus />}
        </Field>
      )}
      <Button tone="primary" type="submit" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}
