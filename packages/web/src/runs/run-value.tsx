// A value of a run: shown at once where it is small, read away from the page's thread where it is large.
import { apiUrl } from "../api.ts";
import { JsonTree } from "../ui/json-tree.tsx";

interface RunValueProps {
  readonly run: string;
  /** `input`, `output`, or the number of a step. */
  readonly part: string;
  readonly label: string;
  readonly value: unknown;
  /** It was left out for its size. */
  readonly omitted: boolean;
  readonly className?: string | undefined;
}

export function RunValue({ run, part, label, value, omitted, className }: RunValueProps) {
  const source = omitted ? { url: apiUrl("getRunValue", { params: { run, part } }) } : { value };
  return <JsonTree source={source} label={label} fileName={`${run}-${part}`} className={className} />;
}

export function Section({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <section className="flex min-w-0 flex-col gap-1.5" aria-label={title}>
      <h3 className="text-xs font-medium text-ink-faint">{title}</h3>
      {children}
    </section>
  );
}
