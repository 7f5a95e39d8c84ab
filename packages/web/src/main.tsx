// Starts the console: makes its parts, and draws it.
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Tooltip } from "radix-ui";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { PartsContext } from "./parts.ts";
import { createParts } from "./create-parts.ts";
import { createConsoleRouter } from "./router.tsx";
import { endEarly } from "./shell/early.ts";
import { shareStyleNonce } from "./ui/style-nonce.ts";

const tooltipMs = 350;

shareStyleNonce();
const parts = createParts({
  // Called when the server no longer knows who is asking.
  signedOut: () => {
    parts.live.stop();
    const { pathname, search } =
      router.state.location.pathname === "/sign-in" ? { pathname: "/", search: "" } : location;
    void router.navigate({ to: "/sign-in", search: pathname === "/" ? {} : { return: pathname + search } });
  },
});
const router = createConsoleRouter(parts);
const stop = router.subscribe("onRendered", () => {
  stop();
  endEarly();
  document.querySelector("#frame")?.remove();
});
const element = document.querySelector("#console");
if (element === null) throw new Error("the page has no element for the console");
createRoot(element).render(
  <StrictMode>
    <PartsContext value={parts}>
      <QueryClientProvider client={parts.query}>
        <Tooltip.Provider delayDuration={tooltipMs} skipDelayDuration={tooltipMs}>
          <RouterProvider router={router} />
        </Tooltip.Provider>
      </QueryClientProvider>
    </PartsContext>
  </StrictMode>,
);
