// The list of screens: one line each for its place in the navigation, one for its routes.
import { approvalsNav, approvalsRoutes } from "./approvals/screen.ts";
import { buildsNav, buildsRoutes } from "./builds/screen.ts";
import { clustersNav, clustersRoutes } from "./cluster/screen.ts";
import { eventsNav, eventsRoutes } from "./events/screen.ts";
import { homeNav, homeRoutes } from "./home/screen.ts";
import { logsNav, logsRoutes } from "./logs/screen.ts";
import { metricsNav, metricsRoutes } from "./metrics/screen.ts";
import { runsNav, runsRoutes } from "./runs/screen.ts";
import { schedulesNav, schedulesRoutes } from "./schedules/screen.ts";
import { searchRoutes } from "./search/screen.ts";
import { settingsNav, settingsRoutes } from "./settings/screen.ts";
import type { NavItem } from "./shell/screen.ts";
import { stateNav, stateRoutes } from "./state/screen.ts";
import { terminalsNav, terminalsRoutes } from "./terminals/screen.ts";
import { workersNav, workersRoutes } from "./workers/screen.ts";
import { workflowsNav, workflowsRoutes } from "./workflows/screen.ts";

export const navItems: readonly NavItem[] = [
  homeNav,
  workflowsNav,
  runsNav,
  approvalsNav,
  eventsNav,
  schedulesNav,
  stateNav,
  workersNav,
  buildsNav,
  terminalsNav,
  clustersNav,
  logsNav,
  metricsNav,
  settingsNav,
];

export const screenRoutes = [
  ...homeRoutes,
  ...workflowsRoutes,
  ...runsRoutes,
  ...searchRoutes,
  ...settingsRoutes,
  ...approvalsRoutes,
  ...eventsRoutes,
  ...schedulesRoutes,
  ...stateRoutes,
  ...workersRoutes,
  ...buildsRoutes,
  ...terminalsRoutes,
  ...clustersRoutes,
  ...logsRoutes,
  ...metricsRoutes,
] as const;
