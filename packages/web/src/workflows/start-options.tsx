// What can be said of a run besides its input.
import { Field, Input } from "../ui/field.tsx";
import { Card } from "../ui/card.tsx";
import type { ApiError } from "../api.ts";

export interface Options {
  readonly key: string;
  readonly delay: string;
  readonly priority: string;
  readonly tags: string;
}

export const emptyOptions: Options = { key: "", delay: "", priority: "", tags: "" };

/** Tags are separated by commas. */
export function tagsIn(text: string): readonly string[] {
  return [...new Set(text.split(",").map((tag) => tag.trim()))].filter((tag) => tag !== "");
}

/** A priority is a whole number or left out. */
export function isPriority(text: string): boolean {
  return /^(-?\d{1,7})?$/.test(text.trim());
}

interface StartOptionsProps {
  readonly options: Options;
  readonly onChange: (options: Options) => void;
  /** Why the server refused something here. */
  readonly failure: ApiError | undefined;
}

export function StartOptions({ options, onChange, failure }: StartOptionsProps) {
  const delayError = failure?.code === "invalid_duration" ? failure.message : undefined;
  const priorityError = isPriority(options.priority) ? undefined : "A whole number";
  const set = (name: keyof Options) => (event: { readonly target: { readonly value: string } }) =>
    onChange({ ...options, [name]: event.target.value });
  return (
    <Card title="Options">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Idempotency key (optional)" help="A second start with it returns the first run.">
          {(ties) => <Input {...ties} value={options.key} maxLength={512} onChange={set("key")} />}
        </Field>
        <Field label="Tags (optional)" help="Separated by commas.">
          {(ties) => <Input {...ties} value={options.tags} placeholder="customer-17, urgent" onChange={set("tags")} />}
        </Field>
        <Field label="Delay (optional)" help="Such as 5m, 1h 30m, 3 days." error={delayError}>
          {(ties) => <Input {...ties} value={options.delay} placeholder="At once" onChange={set("delay")} />}
        </Field>
        <Field label="Priority (optional)" help="Higher goes first; 0 without." error={priorityError}>
          {(ties) => (
            <Input
              {...ties}
              value={options.priority}
              inputMode="numeric"
              className="tabular"
              onChange={set("priority")}
            />
          )}
        </Field>
      </div>
    </Card>
  );
}
