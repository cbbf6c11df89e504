/** What every editor of SFM-2 shares. Nothing here knows an editor; each shell brings its documents, its keys and its display. */

export type { Match } from "./cache.ts";
export { Connection, type Probe, type Surroundings } from "./connection.ts";
export { contextOf, type FoundDefinition, type Known, type OpenFile } from "./context.ts";
export { RecentEdits } from "./edits.ts";
export { type Excerpt, excerptOf } from "./excerpt.ts";
export { isExcluded } from "./exclusion.ts";
export { type CodeFacts, headOf, rowsOf, SHOWN } from "./facts.ts";
export { LANGUAGES, type LanguageEntry, languageOf } from "./languages.ts";
export { definitionIn, namesNear } from "./names.ts";
export { Pace } from "./pace.ts";
export type { Place } from "./place.ts";
export { Received } from "./received.ts";
export { HELD, Held, regionOf } from "./region.ts";
export { Service } from "./service.ts";
export { nameOf, type ShownSource, shownOf } from "./sources.ts";
export { type Failure, mayAsk, type State } from "./state.ts";
export {
  type Ask,
  type CompletionRequest,
  type How,
  LEAST_CONFIDENCE,
  Suggester,
  type Suggestion,
} from "./suggester.ts";
export { isBinary, type Mode, modeAt } from "./trigger.ts";
export { BEFORE, type Lines, windowAround } from "./window.ts";
