// What can stand above the screen, opened by keys or by the header.

export type Overlay = "none" | "palette" | "shortcuts";
