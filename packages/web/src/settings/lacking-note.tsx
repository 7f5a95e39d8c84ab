// Says that nobody gives what they lack, and what that is.

export function LackingNote({ permission }: { readonly permission: string | undefined }) {
  if (permission === undefined) return null;
  return (
    <p className="text-sm text-warn">
      Nobody gives what they lack: you lack <code className="font-mono text-xs">{permission}</code>, or have less of it.
    </p>
  );
}
