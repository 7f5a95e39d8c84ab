// The face that terminals have for clients of VibeTunnel: loaded by `sluice term serve` alone.
export { checkOptions } from "./options.ts";
export type { FaceOptions, HqRegistration } from "./options.ts";
export { serveFace } from "./serve-face.ts";
export type { ServedFace, ServeFaceRequest } from "./serve-face.ts";
