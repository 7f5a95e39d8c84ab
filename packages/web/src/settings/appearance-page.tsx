// How the console looks in this browser.
import { useParts, usePreferences } from "../parts.ts";
import type { Theme } from "../preferences.ts";
import { Card } from "../ui/card.tsx";
import { Combobox } from "../ui/combobox.tsx";
import { Field, Switch } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";
import { formatMoment } from "../ui/time-format.ts";
import { useNow } from "../ui/time.tsx";

const themes: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

export function AppearancePage() {
  const { preferences } = useParts();
  const { theme, timeZone, narrowNavigation } = usePreferences();
  const now = useNow();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [
    { value: "local", label: `Local time (${own})` },
    { value: "UTC", label: "UTC" },
    ...Intl.supportedValuesOf("timeZone").map((zone) => ({ value: zone, label: zone })),
  ];
  return (
    <Card title="Appearance" detail="Of this browser">
      <div className="flex max-w-md flex-col gap-5">
        <Field label="Theme">
          {(ties) => (
            <Select {...ties} value={theme} options={themes} onChange={(next) => preferences.set({ theme: next })} />
          )}
        </Field>
        <Field label="Time zone" help={`It is ${formatMoment(now, timeZone)}`}>
          {(ties) => (
            <Combobox
              {...ties}
              value={timeZone}
              options={zones}
              placeholder="Find a time zone"
              onChange={(zone) => preferences.set({ timeZone: zone })}
            />
          )}
        </Field>
        <Switch
          label="Narrow navigation"
          help="Icons only. The key [ does the same."
          checked={narrowNavigation}
          onChange={(narrow) => preferences.set({ narrowNavigation: narrow })}
        />
      </div>
    </Card>
  );
}
