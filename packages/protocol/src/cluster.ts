// What is said of clusters: states of objects, components, plans and operations, as closed sets.

/** Whether the cluster has done what an object asks for: the words of kstatus. */
export const reconcileStates = ["Current", "InProgress", "Failed", "Terminating", "NotFound", "Unknown"] as const;
export type ReconcileState = (typeof reconcileStates)[number];

/** Whether an object works, from good to bad: the words of Argo CD. */
export const healthStates = ["Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown"] as const;
export type HealthState = (typeof healthStates)[number];

/** What a plan does to an object. */
export const changeActions = ["create", "update", "unchanged", "prune", "unknown"] as const;
export type ChangeAction = (typeof changeActions)[number];

export const planStatuses = ["open", "approved", "applied"] as const;
export type PlanStatus = (typeof planStatuses)[number];

export const operationStatuses = ["running", "completed", "failed", "superseded"] as const;
export type OperationStatus = (typeof operationStatuses)[number];

/** What a component and a cluster can be called. */
export const clusterNamePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
