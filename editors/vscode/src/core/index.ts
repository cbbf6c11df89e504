/** What knows no editor; the benchmark replays typing through it. */

export { SFM2Client } from "sfm2-client";
export { ask } from "./ask";
export { AnswerCache } from "./cache";
export { Pace } from "./pace";
export { Suggester } from "./suggester";
export { windowAround } from "./window";
