// Generated from openapi.json by generate.mjs. Change nothing here: `npm run types` writes it anew.

export type Path =
    | "/complete"
    | "/explain"
    | "/feedback"
    | "/generate"
    | "/generate/batch"
    | "/generate/stream"
    | "/health"
    | "/health/ready"
    | "/stats";
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Attempt
         * @description A backend that was tried and could not answer.
         */
        Attempt: {
            /** Backend */
            backend: string;
            /** Message */
            message: string;
            /**
             * Reason
             * @description One word: loading, unavailable, overloaded, timed_out, failed, circuit_open, ...
             */
            reason: string;
        };
        /**
         * BackendHealth
         * @description The state of one backend.
         */
        BackendHealth: {
            /**
             * Adapter
             * @description The adapter that answers by default; null: none
             */
            adapter?: string | null;
            /**
             * Device
             * @description What it runs on, such as CPU; null: unknown or elsewhere
             */
            device?: string | null;
            /**
             * Model
             * @description The model that answers, where known
             */
            model?: string | null;
            /**
             * Progress
             * @description While loading: the share of the current step that is done, where known
             */
            progress?: number | null;
            /**
             * Reason
             * @description Why, in words to act on
             * @default
             */
            reason: string;
            status: components["schemas"]["BackendStatus"];
        };
        /**
         * BackendStatus
         * @description What `model_status` says of a backend.
         * @enum {string}
         */
        BackendStatus: "available" | "loading" | "unavailable" | "configured" | "not_configured";
        /**
         * Batch
         * @description Answers in the order of the prompts.
         */
        Batch: {
            /** Results */
            results: (components["schemas"]["Completion"] | components["schemas"]["ErrorBody"])[];
        };
        /**
         * BatchRequest
         * @description Many prompts with the same options. An invalid prompt does not spoil the others: it gets an error in its place.
         */
        BatchRequest: {
            /**
             * Adapter
             * @description The adapter to answer with, "none" for none; null: the API key's, or the one in use
             */
            adapter?: string | null;
            /**
             * Features
             * @description Include the features that `confidence` is computed from
             */
            features?: boolean | null;
            /**
             * Guard
             * @description False gives what the model wrote, unguarded
             */
            guard?: boolean | null;
            language?: components["schemas"]["Language"] | null;
            /**
             * Logprobs
             * @description Include the completion's tokens and their log-probabilities
             */
            logprobs?: boolean | null;
            /**
             * Max Length
             * @description New tokens at most
             */
            max_length?: number | null;
            /** @description Where the completion ends; null: block to complete, function to generate */
            mode?: components["schemas"]["Mode"] | null;
            /**
             * N
             * @description How many completions; the one with the highest confidence comes first
             */
            n?: number | null;
            /**
             * Prompts
             * @description The prompts, each answered on its own
             */
            prompts: string[];
            /**
             * Repetition Penalty
             * @description 1 is none
             */
            repetition_penalty?: number | null;
            /**
             * Seed
             * @description Equal seeds give equal samples
             */
            seed?: number | null;
            /**
             * Stop
             * @description Texts that end the completion
             */
            stop?: string[] | null;
            /**
             * Temperature
             * @description 0 always takes the likeliest token
             */
            temperature?: number | null;
            /**
             * Top K
             * @description Draw from this many of the likeliest tokens; 0 keeps every token
             */
            top_k?: number | null;
            /**
             * Top P
             * @description Draw from the likeliest tokens that together have this share of the probability
             */
            top_p?: number | null;
            /**
             * Use Fallback
             * @default true
             */
            use_fallback: boolean;
        };
        /**
         * Choice
         * @description One more completion of the same prompt (`n` > 1).
         */
        Choice: {
            /** Completion */
            completion: string;
            /** Confidence */
            confidence: number;
            /**
             * Finish Reason
             * @enum {string}
             */
            finish_reason: "stop" | "length";
            /**
             * @default {
             *       "action": "off",
             *       "dropped": 0,
             *       "reasons": [],
             *       "undefined": []
             *     }
             */
            guard: components["schemas"]["GuardReport"];
            /** Logprobs */
            logprobs?: components["schemas"]["TokenLogprob"][] | null;
            /**
             * @default {
             *       "completion": 0,
             *       "prompt": 0
             *     }
             */
            tokens: components["schemas"]["TokenUsage"];
        };
        /**
         * Chunk
         * @description A piece of a streamed completion.
         */
        Chunk: {
            /**
             * Logprobs
             * @description When asked for: the tokens that are complete by now
             * @default null
             */
            logprobs: components["schemas"]["TokenLogprob"][] | null;
            /** Text */
            text: string;
        };
        /**
         * CompleteRequest
         * @description The editor's call: fill the hole between prefix and suffix.
         */
        CompleteRequest: {
            /**
             * Adapter
             * @description The adapter to answer with, "none" for none; null: the API key's, or the one in use
             */
            adapter?: string | null;
            /**
             * Context
             * @description Code of other files, the most relevant last: when there is too much, the last ones are kept
             * @default []
             */
            context: components["schemas"]["Snippet"][];
            /**
             * Features
             * @description Include the features that `confidence` is computed from
             */
            features?: boolean | null;
            /**
             * Guard
             * @description False gives what the model wrote, unguarded
             */
            guard?: boolean | null;
            /** @description Taken from `path` when not given */
            language?: components["schemas"]["Language"] | null;
            /**
             * Logprobs
             * @description Include the completion's tokens and their log-probabilities
             */
            logprobs?: boolean | null;
            /**
             * Max Length
             * @description New tokens at most
             */
            max_length?: number | null;
            /** @description Where the completion ends; null: block to complete, function to generate */
            mode?: components["schemas"]["Mode"] | null;
            /**
             * N
             * @description How many completions; the one with the highest confidence comes first
             */
            n?: number | null;
            /**
             * Path
             * @description The file's name; implies the language
             */
            path?: string | null;
            /**
             * Prefix
             * @description Code before the cursor
             */
            prefix: string;
            /**
             * Repetition Penalty
             * @description 1 is none
             */
            repetition_penalty?: number | null;
            /**
             * Seed
             * @description Equal seeds give equal samples
             */
            seed?: number | null;
            /**
             * Stop
             * @description Texts that end the completion
             */
            stop?: string[] | null;
            /**
             * Suffix
             * @description Code after the cursor
             * @default
             */
            suffix: string;
            /**
             * Temperature
             * @description 0 always takes the likeliest token
             */
            temperature?: number | null;
            /**
             * Time Limit
             * @description Seconds of writing after which the completion ends at the end of its line
             */
            time_limit?: number | null;
            /**
             * Top K
             * @description Draw from this many of the likeliest tokens; 0 keeps every token
             */
            top_k?: number | null;
            /**
             * Top P
             * @description Draw from the likeliest tokens that together have this share of the probability
             */
            top_p?: number | null;
            /**
             * Use Fallback
             * @default true
             */
            use_fallback: boolean;
        };
        /**
         * Completion
         * @description A completion, how sure the service is of it, and how it came about.
         */
        Completion: {
            /**
             * Adapter
             * @description The adapter that answered
             */
            adapter?: string | null;
            /**
             * Alternatives
             * @default []
             */
            alternatives: components["schemas"]["Choice"][];
            /**
             * Calibrated
             * @description Whether `confidence` was fitted to these weights
             * @default false
             */
            calibrated: boolean;
            /**
             * Completion
             * @description Empty when the guard abstained
             */
            completion: string;
            /**
             * Confidence
             * @description How likely it is to be right; see `calibrated`
             */
            confidence: number;
            /**
             * Fallback
             * @description Backends that were tried before, and why they failed
             * @default []
             */
            fallback: components["schemas"]["Attempt"][];
            /**
             * Features
             * @description What `confidence` is computed from, when asked for
             */
            features?: {
                [key: string]: number;
            } | null;
            /**
             * Finish Reason
             * @enum {string}
             */
            finish_reason: "stop" | "length";
            /**
             * Generated Code
             * @description prompt + completion
             */
            generated_code: string;
            /**
             * @default {
             *       "action": "off",
             *       "dropped": 0,
             *       "reasons": [],
             *       "undefined": []
             *     }
             */
            guard: components["schemas"]["GuardReport"];
            /**
             * Id
             * @description What `/feedback` refers to it by
             * @default
             */
            id: string;
            /**
             * Logprobs
             * @description The tokens of `completion`, when asked for; null where the backend does not report them
             */
            logprobs?: components["schemas"]["TokenLogprob"][] | null;
            /**
             * Model Used
             * @description The backend that answered
             */
            model_used: string;
            /**
             * Processing Time
             * @description Seconds in the server
             */
            processing_time: number;
            /**
             * Prompt Time
             * @description Seconds of them until the first token, where the backend reports them
             */
            prompt_time?: number | null;
            /**
             * @default {
             *       "completion": 0,
             *       "prompt": 0
             *     }
             */
            tokens: components["schemas"]["TokenUsage"];
            /**
             * Weights
             * @description SHA-256 of the weights that answered, where known; with an adapter, + and a digest of it and its strength
             */
            weights?: string | null;
        };
        /**
         * ErrorBody
         * @description The body of every error response.
         */
        ErrorBody: {
            /**
             * Details
             * @default {}
             */
            details: {
                [key: string]: unknown;
            };
            /**
             * Error
             * @description The code to decide by
             */
            error: string;
            /**
             * Fallback Used
             * @description The last backend that was tried in SFM-2's place
             */
            fallback_used?: string | null;
            /** Message */
            message: string;
            /** Suggestion */
            suggestion?: string | null;
        };
        /**
         * ExplainRequest
         * @description Explain a piece of code in words.
         */
        ExplainRequest: {
            /**
             * Code
             * @description Code to explain
             */
            code: string;
            language?: components["schemas"]["Language"] | null;
            /**
             * Max Length
             * @description New tokens at most
             */
            max_length?: number | null;
            /**
             * Use Fallback
             * @default true
             */
            use_fallback: boolean;
        };
        /**
         * Explanation
         * @description What a piece of code does, in words.
         */
        Explanation: {
            /** Explanation */
            explanation: string;
            /**
             * Fallback
             * @default []
             */
            fallback: components["schemas"]["Attempt"][];
            /**
             * Finish Reason
             * @enum {string}
             */
            finish_reason: "stop" | "length";
            /** Model Used */
            model_used: string;
            /**
             * Processing Time
             * @description Seconds in the server
             */
            processing_time: number;
            /**
             * @default {
             *       "completion": 0,
             *       "prompt": 0
             *     }
             */
            tokens: components["schemas"]["TokenUsage"];
        };
        /**
         * FeedbackRequest
         * @description What became of a completion; the last report for an `id` counts.
         */
        FeedbackRequest: {
            /**
             * Id
             * @description The completion's
             */
            id: string;
            outcome: components["schemas"]["Outcome"];
        };
        /**
         * GenerateRequest
         * @description Complete a prompt.
         */
        GenerateRequest: {
            /**
             * Adapter
             * @description The adapter to answer with, "none" for none; null: the API key's, or the one in use
             */
            adapter?: string | null;
            /**
             * Features
             * @description Include the features that `confidence` is computed from
             */
            features?: boolean | null;
            /**
             * Guard
             * @description False gives what the model wrote, unguarded
             */
            guard?: boolean | null;
            language?: components["schemas"]["Language"] | null;
            /**
             * Logprobs
             * @description Include the completion's tokens and their log-probabilities
             */
            logprobs?: boolean | null;
            /**
             * Max Length
             * @description New tokens at most
             */
            max_length?: number | null;
            /** @description Where the completion ends; null: block to complete, function to generate */
            mode?: components["schemas"]["Mode"] | null;
            /**
             * N
             * @description How many completions; the one with the highest confidence comes first
             */
            n?: number | null;
            /**
             * Prompt
             * @description Code to complete
             */
            prompt: string;
            /**
             * Repetition Penalty
             * @description 1 is none
             */
            repetition_penalty?: number | null;
            /**
             * Seed
             * @description Equal seeds give equal samples
             */
            seed?: number | null;
            /**
             * Stop
             * @description Texts that end the completion
             */
            stop?: string[] | null;
            /**
             * Suffix
             * @description Code that follows the completion
             */
            suffix?: string | null;
            /**
             * Temperature
             * @description 0 always takes the likeliest token
             */
            temperature?: number | null;
            /**
             * Top K
             * @description Draw from this many of the likeliest tokens; 0 keeps every token
             */
            top_k?: number | null;
            /**
             * Top P
             * @description Draw from the likeliest tokens that together have this share of the probability
             */
            top_p?: number | null;
            /**
             * Use Fallback
             * @description Whether other backends may answer when SFM-2 can't
             * @default true
             */
            use_fallback: boolean;
        };
        /**
         * GuardAction
         * @description The most that the guard did to a completion; each includes those listed before it. `off`: nothing was judged.
         * @enum {string}
         */
        GuardAction: "off" | "kept" | "cut" | "closed" | "resampled" | "abstained";
        /**
         * GuardReason
         * @description Why the guard did it.
         * @enum {string}
         */
        GuardReason: "line_end" | "chatter" | "suffix_begins" | "block_end" | "repetition" | "syntax" | "open" | "undefined_names" | "stop_text" | "length" | "unknown_language" | "too_large" | "switched_off";
        /**
         * GuardReport
         * @description What the syntax guard did to a completion, and why.
         */
        GuardReport: {
            /** @default off */
            action: components["schemas"]["GuardAction"];
            /**
             * Dropped
             * @description Characters of the model's output that were not kept
             * @default 0
             */
            dropped: number;
            /**
             * Parses
             * @description Whether prefix + completion + suffix parses; null: not judged
             */
            parses?: boolean | null;
            /**
             * Reasons
             * @default []
             */
            reasons: components["schemas"]["GuardReason"][];
            /**
             * Undefined
             * @description Names that the completion uses and nothing defines
             * @default []
             */
            undefined: string[];
        };
        /**
         * Health
         * @description The state of a service and its backends.
         */
        Health: {
            /**
             * Backends
             * @description The same per backend, with what it runs
             * @default {}
             */
            backends: {
                [key: string]: components["schemas"]["BackendHealth"];
            };
            /**
             * Model Details
             * @description The reason for each status
             * @default {}
             */
            model_details: {
                [key: string]: string;
            };
            /** Model Status */
            model_status: {
                [key: string]: components["schemas"]["BackendStatus"];
            };
            /**
             * Status
             * @enum {string}
             */
            status: "healthy" | "degraded" | "unhealthy";
            /**
             * Timestamp
             * Format: date-time
             */
            timestamp: string;
            /**
             * Version
             * @default
             */
            version: string;
        };
        /**
         * Language
         * @description Languages a request may name; `text` is anything else.
         * @enum {string}
         */
        Language: "python" | "javascript" | "typescript" | "java" | "go" | "rust" | "c" | "cpp" | "csharp" | "ruby" | "php" | "bash" | "sql" | "html" | "css" | "json" | "yaml" | "toml" | "kotlin" | "swift" | "scala" | "lua" | "markdown" | "text";
        /**
         * Mode
         * @description Where a completion ends: at the end of the line, with the block that holds the cursor, with the definition that the
         *     prompt has begun, or where the model ends it.
         * @enum {string}
         */
        Mode: "line" | "block" | "function" | "free";
        /**
         * Outcome
         * @description What became of a completion that was shown. `edited`: accepted, then changed.
         * @enum {string}
         */
        Outcome: "accepted" | "edited" | "rejected";
        /**
         * Probe
         * @description What `/health/live` and `/health/ready` answer.
         */
        Probe: {
            /** Reason */
            reason?: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "unavailable";
        };
        /**
         * Snippet
         * @description Code from another file that helps to understand the hole.
         */
        Snippet: {
            /**
             * Path
             * @description The file it comes from
             * @default
             */
            path: string;
            /** Text */
            text: string;
        };
        /**
         * Stats
         * @description Usage statistics of a service, over all its workers and restarts.
         */
        Stats: {
            /**
             * Acceptance Rate
             * @description Share of accepted and edited ones among those with feedback; null: there is none
             */
            acceptance_rate?: number | null;
            /**
             * Average Response Time
             * @description Seconds, over the successful requests
             */
            average_response_time: number;
            /**
             * Errors
             * @description Failed requests by error code
             * @default {}
             */
            errors: {
                [key: string]: number;
            };
            /**
             * Fallbacks
             * @description Requests that another backend than the first answered
             * @default 0
             */
            fallbacks: number;
            /**
             * Feedback
             * @description Completions by outcome, as `/feedback` reported
             * @default {}
             */
            feedback: {
                [key: string]: number;
            };
            /**
             * Latency
             * @description Seconds within which 50 % (p50), 90, 95 and 99 % of the successful requests were answered; empty: none yet
             * @default {}
             */
            latency: {
                [key: string]: number;
            };
            /** Model Usage */
            model_usage: {
                [key: string]: number;
            };
            /** Successful Requests */
            successful_requests: number;
            /**
             * Tokens Generated
             * @default 0
             */
            tokens_generated: number;
            /** Total Requests */
            total_requests: number;
            /**
             * Uptime
             * @description Seconds since this process started
             * @default 0
             */
            uptime: number;
        };
        /**
         * TokenLogprob
         * @description A token of a completion, or the part of it that was kept.
         */
        TokenLogprob: {
            /**
             * Logprob
             * @description Natural logarithm; null for what the guard wrote to close what was open
             */
            logprob: number | null;
            /** Text */
            text: string;
        };
        /**
         * TokenUsage
         * @description Tokens read and written.
         */
        TokenUsage: {
            /**
             * Completion
             * @default 0
             */
            completion: number;
            /**
             * Prompt
             * @description Tokens of the prompt, as far as the backend reports them
             * @default 0
             */
            prompt: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
