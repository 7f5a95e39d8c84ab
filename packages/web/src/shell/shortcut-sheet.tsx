// Every key that does something here, those of the open screen first.
import { Dialog } from "../ui/dialog.tsx";
import { Keys } from "../ui/keys.tsx";
import { useCurrentActions } from "./use-actions.ts";

const ownGroups = ["Go to", "General", "Appearance", "Account"];

export function ShortcutSheet({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const actions = useCurrentActions().filter((action) => action.keys !== undefined);
  const groups = [...Map.groupBy(actions, (action) => action.group)].toSorted(
    ([a], [b]) => ownGroups.indexOf(a) - ownGroups.indexOf(b),
  );
  return (
    <Dialog open={open} onClose={onClose} title="Keyboard shortcuts" wide>
      <div className="gap-x-8 sm:columns-2">
        {groups.map(([group, inside]) => (
          <section key={group} className="mb-4 break-inside-avoid">
            <h3 className="mb-1 text-xs font-medium text-ink-faint">{group}</h3>
            <dl>
              {inside.map((action) => (
                <div key={action.id} className="flex items-center justify-between gap-4 border-b border-line py-1.5">
                  <dt className="text-sm">{action.label}</dt>
                  <dd>
                    <Keys keys={action.keys ?? ""} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
