// What the whole console does about the live stream: after a gap everything that is shown is read again, a newer server
// offers to load the newer console, and the end of the session leads to the sign-in page.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useParts } from "../parts.ts";

export function useLiveUpkeep(): void {
  const { live, toasts } = useParts();
  const client = useQueryClient();
  const navigate = useNavigate();
  const version = useRef<string>(undefined);
  useEffect(
    () =>
      live.onMessage((message) => {
        if (message.type === "ended") {
          client.clear();
          void navigate({ to: "/sign-in", search: { return: location.pathname + location.search } });
        }
        if (message.type !== "hello") return;
        const before = version.current;
        version.current = message.version;
        if (before === undefined) return;
        void client.invalidateQueries();
        if (before !== message.version) {
          toasts.show({
            title: `The server is now version ${message.version}`,
            detail: "Load the page again for the console that belongs to it.",
            shownMs: Number.POSITIVE_INFINITY,
            action: { label: "Load again", run: () => location.reload() },
          });
        }
      }),
    [live, client, toasts, navigate],
  );
  useEffect(() => {
    const hurry = () => {
      if (document.visibilityState === "visible") live.hurry();
    };
    addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
    return () => {
      removeEventListener("online", hurry);
      document.removeEventListener("visibilitychange", hurry);
    };
  }, [live]);
}
