// A version of the code as it is shown: the beginning of its hash.
import { Badge } from "../ui/badge.tsx";
import { Mono } from "../ui/text.tsx";

export const hashChars = 12;

export function VersionHash({ version, isCurrent }: { readonly version: string; readonly isCurrent: boolean }) {
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span title={version}>
        <Mono>{version.slice(0, hashChars)}</Mono>
      </span>
      {isCurrent && <Badge tone="accent">Current</Badge>}
    </span>
  );
}
