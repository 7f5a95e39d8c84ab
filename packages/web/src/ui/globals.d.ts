// What the build puts in place of these names.

/** URL of the worker that parses large JSON. */
declare const JSON_WORKER_URL: string;
