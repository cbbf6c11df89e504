/** What the server answered, as far as the editor needs it. */
export interface Answer {
  /** What `/feedback` calls it by. */
  readonly id: string;
  /** What goes between prefix and suffix; empty where the server had nothing that fits. */
  readonly text: string;
  readonly confidence: number;
  readonly backend: string;
  readonly adapter?: string;
  /** Names the weights and the adapter that answered. */
  readonly weights?: string;
  /** Why another backend answered than the first. */
  readonly fallback?: string;
}
