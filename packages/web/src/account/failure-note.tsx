// Why something was refused, inside the form or dialog it was asked for in.
import type { ApiError } from "../api.ts";
import { Text } from "../ui/text.tsx";

export function FailureNote({ error }: { readonly error: ApiError | null }) {
  if (error === null) return null;
  return (
    <div role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
      <Text>{error.message}</Text>
      {error.hint !== undefined && (
        <p className="text-xs">
          <Text>{error.hint}</Text>
        </p>
      )}
    </div>
  );
}
