// What the thread with the screens is made of: xterm.js is loaded there, and nowhere else.
export { ScreenRoom } from "./room.ts";
