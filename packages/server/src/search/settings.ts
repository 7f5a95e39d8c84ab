// Pages of the settings, for those who may open them: by a piece of their title or of what is on them.
import type { Permission } from "@sluice/protocol";
import { fitting, pageAt } from "./source.ts";
import type { SearchSource } from "./source.ts";

interface SettingsPage {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly needs?: Permission;
}

const pages: readonly SettingsPage[] = [
  { name: "account", title: "Account", about: "Password, second factor, passkeys and sessions of your own" },
  { name: "appearance", title: "Appearance", about: "Theme, time zone and navigation" },
  { name: "users", title: "Users", about: "Who may sign in", needs: "user:read" },
  { name: "roles", title: "Roles", about: "Sets of permissions", needs: "role:read" },
  { name: "tokens", title: "Tokens", about: "For programs: what they may do and until when" },
  { name: "audit", title: "Audit", about: "Who did what, when and from where", needs: "audit:read" },
  { name: "server", title: "Server", about: "Limits, retention, data folder and backups", needs: "settings:read" },
];

export function settingsSearch(): SearchSource {
  return {
    noun: "settings",
    async search(request) {
      const open = pages.filter(({ needs }) => needs === undefined || request.principal.may(needs));
      const { items, more } = fitting(open, request, ({ title, about }) => [title, about]);
      const hits = items.map(({ name, title, about }) => ({
        id: name,
        title,
        detail: about,
        page: pageAt(["settings", name]),
        status: null,
        at: null,
      }));
      return { hits, more };
    },
  };
}
