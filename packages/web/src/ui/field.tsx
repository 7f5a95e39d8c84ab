// Input with its label, its help and what is wrong with it, tied together for everybody.
import { Checkbox as RadixCheckbox, Switch as RadixSwitch } from "radix-ui";
import { Check } from "lucide-react";
import { useId } from "react";
import type { ComponentProps, ReactNode } from "react";
import { cx } from "./cx.ts";

const box =
  "w-full rounded-md border border-line-strong bg-panel text-ink placeholder:text-ink-faint " +
  "focus-visible:border-focus focus-visible:outline-1 focus-visible:outline-offset-0 " +
  "aria-invalid:border-bad disabled:opacity-60";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cx(box, "h-8 px-2.5 text-base sm:text-sm", className)} autoComplete="off" {...rest} />;
}

export function TextArea({ className, ...rest }: ComponentProps<"textarea">) {
  return (
    <textarea
      className={cx(box, "min-h-24 px-2.5 py-1.5 text-base sm:text-sm", className)}
      autoComplete="off"
      spellCheck={false}
      {...rest}
    />
  );
}

interface FieldProps {
  readonly label: string;
  readonly help?: ReactNode;
  readonly error?: string | undefined;
  /** Gets what ties it to the label: spread it over the input. */
  readonly children: (ties: FieldTies) => ReactNode;
}

export interface FieldTies {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
}

export function Field({ label, help, error, children }: FieldProps) {
  const id = useId();
  const described = [help !== undefined && `${id}-help`, error !== undefined && `${id}-error`].filter(Boolean);
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-xs font-medium text-ink-soft">
        {label}
      </label>
      {children({
        id,
        "aria-describedby": described.length === 0 ? undefined : described.join(" "),
        "aria-invalid": error === undefined ? undefined : true,
      })}
      {help !== undefined && (
        <p id={`${id}-help`} className="text-xs text-ink-faint">
          {help}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} role="alert" className="text-xs text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

interface ToggleProps {
  readonly label: string;
  readonly help?: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean | undefined;
}

/** On or off, at once. */
export function Switch({ label, help, checked, onChange, disabled = false }: ToggleProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5">
      <RadixSwitch.Root
        id={id}
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
        className="mt-0.5 h-4.5 w-8 shrink-0 rounded-full bg-ink-faint transition-colors data-[state=checked]:bg-accent disabled:opacity-50"
      >
        <RadixSwitch.Thumb className="block size-3.5 translate-x-0.5 rounded-full bg-white shadow-card transition-transform data-[state=checked]:translate-x-4" />
      </RadixSwitch.Root>
      <ToggleWords id={id} label={label} help={help} />
    </div>
  );
}

/** Chosen or not, in a form or a list. */
export function Checkbox({ label, help, checked, onChange, disabled = false }: ToggleProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2">
      <RadixCheckbox.Root
        id={id}
        checked={checked}
        onCheckedChange={(next) => onChange(next === true)}
        disabled={disabled}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
        className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-sm border border-ink-faint bg-panel data-[state=checked]:border-accent data-[state=checked]:bg-accent disabled:opacity-50"
      >
        <RadixCheckbox.Indicator>
          <Check aria-hidden className="size-3 text-on-accent" strokeWidth={3} />
        </RadixCheckbox.Indicator>
      </RadixCheckbox.Root>
      <ToggleWords id={id} label={label} help={help} />
    </div>
  );
}

function ToggleWords({ id, label, help }: { readonly id: string; readonly label: string; readonly help: ReactNode }) {
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="text-sm text-ink">
        {label}
      </label>
      {help !== undefined && (
        <p id={`${id}-help`} className="text-xs text-ink-faint">
          {help}
        </p>
      )}
    </div>
  );
}
