// The page around what is shown to somebody who is not signed in.
import type { ReactNode } from "react";
import { useDocumentTitle } from "../shell/breadcrumbs.tsx";
import { Logo } from "../shell/logo.tsx";

export function SignInFrame({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  useDocumentTitle();
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center bg-canvas px-4 py-10">
      <div className="w-full max-w-88">
        <div className="mb-5 flex flex-col items-center gap-3">
          <Logo size={36} />
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        </div>
        <div className="rounded-xl border border-line bg-panel p-5 shadow-card">{children}</div>
      </div>
    </main>
  );
}
