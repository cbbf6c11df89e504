/** The messages under the names that they have here. What is in them is generated from `openapi.json`. */

import type { components } from "./generated/openapi.js";
import type { Camel } from "./naming.js";

type Schemas = components["schemas"];
export type Answers = Pick<
  Schemas,
  "Batch" | "Chunk" | "Completion" | "ErrorBody" | "Explanation" | "Health" | "Probe" | "Stats"
>;

export interface Attempt extends Camel<Schemas["Attempt"]> {}
export interface Choice extends Camel<Schemas["Choice"]> {}
export interface Chunk extends Camel<Schemas["Chunk"]> {}
export interface Completion extends Camel<Schemas["Completion"]> {}
export interface Explanation extends Camel<Schemas["Explanation"]> {}
export interface GuardReport extends Camel<Schemas["GuardReport"]> {}
export interface Health extends Camel<Schemas["Health"]> {}
export type Language = Schemas["Language"];
export type Mode = Schemas["Mode"];
export type Outcome = Schemas["Outcome"];
export interface Probe extends Camel<Schemas["Probe"]> {}
export type Snippet = Schemas["Snippet"];
export interface Stats extends Camel<Schemas["Stats"]> {}
export interface TokenLogprob extends Camel<Schemas["TokenLogprob"]> {}
export interface TokenUsage extends Camel<Schemas["TokenUsage"]> {}

/** Of every call. */
export interface CallOptions {
  /** Stops the call, and the work on the server; the call then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds, in place of the client's. */
  timeout?: number | undefined;
  /** In place of the client's. */
  maxRetries?: number | undefined;
}

/** A request without `Named`, which the method takes by itself. */
type Settings<Request, Named extends keyof Request> = {
  [Field in keyof Camel<Omit<Request, Named>>]?: Field extends "language"
    ? Language | (string & {}) | null | undefined
    : Camel<Omit<Request, Named>>[Field] | null | undefined;
};

/** How code is generated; what is left out is the server's default. `maxLength` is in tokens. */
export type GenerateOptions = CallOptions & Settings<Schemas["GenerateRequest"], "prompt">;
export type BatchOptions = CallOptions & Settings<Schemas["BatchRequest"], "prompts">;
/** As `GenerateOptions`; `path` implies the language, `context` is code of other files, `timeLimit` is in seconds. */
export type CompleteOptions = CallOptions & Settings<Schemas["CompleteRequest"], "prefix" | "suffix">;
/** A hole, and how to fill it. */
export type Hole = CompleteOptions & { prefix: string; suffix?: string | undefined };
export type ExplainOptions = CallOptions & Settings<Schemas["ExplainRequest"], "code">;
