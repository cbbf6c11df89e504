// Generated from openapi.json by generate.mjs. Change nothing here: `npm run types` writes it anew.

export type Path =
    | "/complete"
    | "/complete/stream"
    | "/explain"
    | "/explain/stream"
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
             * Model
             * @description The backend to answer with, by its name or its model's, and no other; null: the first of the chain that can
             */
            model?: string | null;
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
            finish_reason: "stop" | "length" | "time";
            /**
             * @default {
             *       "action": "off",
             *       "dropped": 0,
             *       "reasons": [],
             *       "undefined": [],
             *       "unknown": []
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
         * @description A piece of a streamed answer.
         */
        Chunk: {
            /**
             * Confidence
             * @description How likely the completion up to here is to be right; null where no guard judges it
             * @default null
             */
            confidence: number | null;
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
         * CodeFacts
         * @description What was read off the syntax tree of a definition, or of a script's own statements.
         *
         *     Code is as it is written, on one line, and cut with `…` where it is long.
         */
        CodeFacts: {
            /**
             * Bases
             * @description Of a class
             * @default []
             */
            bases: string[];
            /**
             * Calls
             * @default []
             */
            calls: string[];
            /**
             * Changes
             * @description What it changes that outlives a call: attributes, arguments, outer names, files, output. Changes by what it calls are
             *     known for well-known names only
             * @default []
             */
            changes: string[];
            /**
             * Decorators
             * @default []
             */
            decorators: string[];
            kind: components["schemas"]["CodeKind"];
            /**
             * Line
             * @description Where it begins, from 1
             */
            line: number;
            /**
             * Name
             * @description With the class around it, such as `Stack.push`; empty for a script
             * @default
             */
            name: string;
            /**
             * Parameters
             * @default []
             */
            parameters: components["schemas"]["ParameterFacts"][];
            /**
             * Raises
             * @default []
             */
            raises: string[];
            /**
             * Returns
             * @description The expressions that it returns; empty: it returns nothing
             * @default []
             */
            returns: string[];
            /**
             * Signature
             * @description Up to the body
             * @default
             */
            signature: string;
            /**
             * Steps
             * @description What it does in words, statement by statement, indented by two spaces a level; empty for long code
             * @default []
             */
            steps: string[];
            /**
             * Traits
             * @default []
             */
            traits: components["schemas"]["CodeTrait"][];
            /**
             * Yields
             * @default []
             */
            yields: string[];
        };
        /**
         * CodeKind
         * @description What a piece of code is.
         * @enum {string}
         */
        CodeKind: "function" | "method" | "class" | "script";
        /**
         * CodeTrait
         * @description What else a function is.
         * @enum {string}
         */
        CodeTrait: "async" | "generator" | "recursive";
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
             * @description Code of other files, the most relevant last: when there is too much, the last ones are kept. It is read where the
             *     model is unsure without; with `guard` off, always
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
             * Model
             * @description The backend to answer with, by its name or its model's, and no other; null: the first of the chain that can
             */
            model?: string | null;
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
             * @description Whether `confidence` is a probability: fitted to these weights, for completions at temperature 0 that the guard
             *     judged and that ended by themselves
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
            finish_reason: "stop" | "length" | "time";
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
             *       "undefined": [],
             *       "unknown": []
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
             * Language
             * @description The language that it was judged in, named or guessed; null: unknown
             */
            language?: string | null;
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
             * Sources
             * @description Other code that the model was shown, the most relevant last
             * @default []
             */
            sources: components["schemas"]["Source"][];
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
             * Model
             * @description The backend to answer with, by its name or its model's, and no other; null: the first of the chain that can
             */
            model?: string | null;
            /**
             * Use Fallback
             * @default true
             */
            use_fallback: boolean;
        };
        /**
         * Explanation
         * @description What a piece of code does: in a model's words, and as far as it can be read off.
         */
        Explanation: {
            /**
             * Calibrated
             * @description Always false: `confidence` orders explanations, and promises no share of right ones
             * @default false
             */
            calibrated: boolean;
            /**
             * Confidence
             * @description How sure the model was of its words; lower where some were left out, or nothing was there to check them by
             * @default 0
             */
            confidence: number;
            /**
             * Explanation
             * @description The model's words, without sentences that the code refutes. Where none is left, the `steps` of the facts
             */
            explanation: string;
            /**
             * Facts
             * @description What was read off the code, exactly; empty where nothing is known of the language
             * @default []
             */
            facts: components["schemas"]["CodeFacts"][];
            /**
             * Fallback
             * @default []
             */
            fallback: components["schemas"]["Attempt"][];
            /**
             * Finish Reason
             * @enum {string}
             */
            finish_reason: "stop" | "length" | "time";
            /**
             * Language
             * @description The language of the code, named or guessed; null: unknown
             */
            language?: string | null;
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
             * Model
             * @description The backend to answer with, by its name or its model's, and no other; null: the first of the chain that can
             */
            model?: string | null;
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
        GuardReason: "hidden_character" | "line_end" | "chatter" | "own_import" | "suffix_begins" | "block_end" | "repetition" | "unsure_line" | "syntax" | "open" | "undefined_names" | "unknown_names" | "stop_text" | "length" | "unknown_language" | "unjudged" | "too_large" | "switched_off";
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
            /**
             * Unknown
             * @description Modules, names out of them and packages that the completion uses and that the repository does not have
             * @default []
             */
            unknown: string[];
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
             * Storage
             * @description Why the store of keys, rates and statistics can't be used; null: it can
             */
            storage?: string | null;
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
        Language: "python" | "javascript" | "typescript" | "java" | "go" | "rust" | "c" | "cpp" | "csharp" | "ruby" | "php" | "bash" | "sql" | "html" | "css" | "json" | "yaml" | "toml" | "tsx" | "kotlin" | "swift" | "scala" | "lua" | "dart" | "zig" | "elixir" | "haskell" | "r" | "perl" | "julia" | "ocaml" | "ocaml_interface" | "fsharp" | "clojure" | "erlang" | "nix" | "groovy" | "objectivec" | "objectivecpp" | "cuda" | "glsl" | "hlsl" | "wgsl" | "cython" | "starlark" | "gdscript" | "nim" | "crystal" | "d" | "elm" | "solidity" | "vb" | "fortran" | "matlab" | "pascal" | "ada" | "verilog" | "vhdl" | "assembly" | "commonlisp" | "scheme" | "elisp" | "coffeescript" | "raku" | "tcl" | "awk" | "vim" | "zsh" | "fish" | "powershell" | "batch" | "dockerfile" | "makefile" | "cmake" | "meson" | "just" | "hcl" | "nginx" | "protobuf" | "graphql" | "prisma" | "ini" | "dotenv" | "xml" | "vue" | "svelte" | "astro" | "blade" | "erb" | "jinja" | "handlebars" | "gotemplate" | "razor" | "pug" | "scss" | "sass" | "less" | "latex" | "markdown" | "rst" | "asciidoc" | "text";
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
         * ParameterFacts
         * @description A parameter, as it is written.
         */
        ParameterFacts: {
            /** Default */
            default?: string | null;
            /**
             * Name
             * @description With its marks, such as `*rest`
             */
            name: string;
            /** Type */
            type?: string | null;
        };
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
         * Source
         * @description Code of another file that the model was shown.
         */
        Source: {
            /**
             * First
             * @description Its first line in that file, from 1; null: not known
             */
            first?: number | null;
            /**
             * Last
             * @description Its last line
             */
            last?: number | null;
            /**
             * Path
             * @description Relative to its repository, or as the request named it
             */
            path: string;
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
            /**
             * Loop Lag
             * @description Seconds by which this process was late to attend to its requests, at most, in the last minute
             * @default 0
             */
            loop_lag: number;
            /**
             * Loop Lags
             * @description How often it was late in that minute, of the times that it was measured: by at most so many seconds; inf: more
             * @default {}
             */
            loop_lags: {
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
            /** @description The same of the last minute, five minutes and hour; null: an older server */
            windows?: components["schemas"]["StatsWindows"] | null;
        };
        /**
         * StatsWindows
         * @description What a service did until now, each from up to 5 seconds further back.
         */
        StatsWindows: {
            /**
             * @default {
             *       "errors": {},
             *       "latency": {},
             *       "successful_requests": 0,
             *       "tokens_generated": 0,
             *       "total_requests": 0
             *     }
             */
            five_minutes: components["schemas"]["WindowStats"];
            /**
             * @default {
             *       "errors": {},
             *       "latency": {},
             *       "successful_requests": 0,
             *       "tokens_generated": 0,
             *       "total_requests": 0
             *     }
             */
            hour: components["schemas"]["WindowStats"];
            /**
             * @default {
             *       "errors": {},
             *       "latency": {},
             *       "successful_requests": 0,
             *       "tokens_generated": 0,
             *       "total_requests": 0
             *     }
             */
            minute: components["schemas"]["WindowStats"];
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
        /**
         * WindowStats
         * @description What a service did lately, over all its workers.
         */
        WindowStats: {
            /**
             * Errors
             * @description Failed requests by error code
             * @default {}
             */
            errors: {
                [key: string]: number;
            };
            /**
             * Latency
             * @description As of `Stats`; empty: no request succeeded
             * @default {}
             */
            latency: {
                [key: string]: number;
            };
            /**
             * Successful Requests
             * @default 0
             */
            successful_requests: number;
            /**
             * Tokens Generated
             * @default 0
             */
            tokens_generated: number;
            /**
             * Total Requests
             * @default 0
             */
            total_requests: number;
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
