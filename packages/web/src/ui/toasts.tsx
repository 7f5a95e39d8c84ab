// Shows the messages of the toast store at the corner of the page.
import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { Toast as Radix } from "radix-ui";
import { useSyncExternalStore } from "react";
import { useToasts } from "../parts.ts";
import { Button, IconButton } from "./button.tsx";
import { cx } from "./cx.ts";
import { Text } from "./text.tsx";
import type { Toast } from "./toast-store.ts";

const shownMs = 6_000;
const failureShownMs = 12_000;

export function Toasts() {
  const store = useToasts();
  const toasts = useSyncExternalStore(store.subscribe, () => store.current);
  return (
    <Radix.Provider swipeDirection="right" label="Message">
      {toasts.map((toast) => (
        <Shown key={toast.id} toast={toast} close={() => store.close(toast.id)} />
      ))}
      <Radix.Viewport className="fixed right-4 bottom-4 z-70 flex w-88 max-w-[calc(100vw-2rem)] flex-col gap-2 outline-none max-sm:bottom-18" />
    </Radix.Provider>
  );
}

function Shown({ toast, close }: { readonly toast: Toast; readonly close: () => void }) {
  const { tone = "neutral", title, detail, undo, action } = toast;
  const Icon = tone === "good" ? CircleCheck : tone === "bad" ? CircleAlert : Info;
  const offered = undo === undefined ? action : { label: "Undo", run: undo };
  return (
    <Radix.Root
      duration={toast.shownMs ?? (tone === "bad" ? failureShownMs : shownMs)}
      type={tone === "bad" ? "foreground" : "background"}
      onOpenChange={(open) => !open && close()}
      className="flex items-start gap-2.5 rounded-lg bg-raised p-3 shadow-pop animate-slide-up"
    >
      <Icon
        aria-hidden
        className={cx(
          "mt-0.5 size-4 shrink-0",
          tone === "good" ? "text-good" : tone === "bad" ? "text-bad" : "text-info",
        )}
      />
      <div className="flex min-w-0 grow flex-col gap-0.5">
        <Radix.Title className="text-sm font-medium">
          <Text>{title}</Text>
        </Radix.Title>
        {detail !== undefined && (
          <Radix.Description className="text-xs text-ink-soft">
            <Text>{detail}</Text>
          </Radix.Description>
        )}
      </div>
      {offered !== undefined && (
        <Radix.Action asChild altText={offered.label}>
          <Button size="sm" onClick={offered.run}>
            {offered.label}
          </Button>
        </Radix.Action>
      )}
      <Radix.Close asChild>
        <IconButton icon={X} label="Close" size="sm" />
      </Radix.Close>
    </Radix.Root>
  );
}
