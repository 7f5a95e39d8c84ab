// Where one is: the screens from the outermost in, as links, and as the title of the page.
import { Link, useMatches } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { useEffect } from "react";
import { visibleText } from "../ui/visible-text.ts";

interface Crumb {
  readonly label: string;
  readonly path: string;
}

function useCrumbs(): readonly Crumb[] {
  return useMatches({
    select: (matches) =>
      matches.flatMap(({ staticData: { crumb }, params, pathname }): Crumb[] => {
        if (crumb === undefined) return [];
        const label = typeof crumb === "string" ? crumb : crumb(params);
        return [{ label: visibleText(label), path: pathname }];
      }),
    structuralSharing: true,
  });
}

/** Keeps the page's title, and returns it. */
export function useDocumentTitle(): string {
  const title = useCrumbs()
    .map((crumb) => crumb.label)
    .toReversed()
    .join(" · ");
  useEffect(() => {
    document.title = title === "" ? "Sluice" : `${title} · Sluice`;
  }, [title]);
  return title;
}

export function Breadcrumbs() {
  const crumbs = useCrumbs();
  return (
    <nav aria-label="Breadcrumbs" className="min-w-0 grow">
      <ol className="flex min-w-0 items-center gap-1 text-sm">
        {crumbs.map((crumb, index) => {
          const last = index === crumbs.length - 1;
          return (
            <li key={crumb.path} className={last ? "min-w-0" : "flex shrink-0 items-center gap-1 max-sm:hidden"}>
              {last ? (
                <span aria-current="page" className="block truncate font-medium">
                  <bdi>{crumb.label}</bdi>
                </span>
              ) : (
                <>
                  <Link to={crumb.path} className="max-w-60 truncate rounded-sm text-ink-soft hover:text-ink">
                    <bdi>{crumb.label}</bdi>
                  </Link>
                  <ChevronRight aria-hidden className="size-3.5 text-ink-faint" />
                </>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
