// The service's messages, as openapi.json has them.
import type { components } from "./openapi.ts";

type Schemas = components["schemas"];

/** What is sent: fields with a default may be left out. */
export type CompleteRequest = Pick<Schemas["CompleteRequest"], "prefix"> & Partial<Schemas["CompleteRequest"]>;
export type Completion = Schemas["Completion"];
export type ErrorBody = Schemas["ErrorBody"];
export type Health = Schemas["Health"];
export type Language = Schemas["Language"];
export type ModelList = Schemas["ModelList"];
export type Outcome = Schemas["Outcome"];
export type Stats = Schemas["Stats"];
export type TokenLogprob = Schemas["TokenLogprob"];
