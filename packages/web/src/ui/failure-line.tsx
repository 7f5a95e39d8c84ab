// A failed call, said beside the form it was made from.
import type { ApiError } from "../api.ts";
import { Text } from "./text.tsx";

export function FailureLine({ error }: { readonly error: ApiError | null | undefined }) {
  if (error === null || error === undefined) return null;
  return (
    <p role="alert" className="text-sm text-bad">
      <Text>{[error.message, error.hint].filter(Boolean).join(" ")}</Text>
    </p>
  );
}
