import type { Completion } from "sfm2-client";

/** A completion as a server answers it, with this text. */
export function completion(text: string, more: Partial<Completion> = {}): Completion {
  return {
    ...{ id: "1", generatedCode: text, completion: text, modelUsed: "sfm2", weights: "w", adapter: null },
    ...{
      confidence: 0.9,
      calibrated: false,
      processingTime: 0.1,
      finishReason: "stop",
      fallback: [],
      sources: [],
      alternatives: [],
    },
    guard: { action: "off", dropped: 0, reasons: [], undefined: [], unknown: [] },
    tokens: { completion: 1, prompt: 1 },
    ...more,
  };
}
