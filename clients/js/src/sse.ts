/** Server-sent events, decoded without I/O (WHATWG HTML, section 9.2). */

export interface ServerEvent {
  /** "message" when the sender gave none. */
  readonly name: string;
  readonly data: string;
}

/** Bytes in any chunking -> events. A trailing event without its blank line is not an event. */
export class Decoder {
  readonly #text = new TextDecoder(); // drops a byte order mark, keeps half a character for the next chunk
  #afterReturn = false;
  #rest = "";
  #name = "";
  #data: string[] = [];

  /** The events that `bytes` complete. */
  *feed(bytes: Uint8Array): Generator<ServerEvent, void, undefined> {
    const [first = "", ...more] = this.#new(bytes).split(/\r\n|\r|\n/);
    const lines = [this.#rest + first, ...more];
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.#line(line);
      if (event) yield event;
    }
  }

  /** The text in `bytes`; a line feed whose carriage return ended the chunk before has done its work. */
  #new(bytes: Uint8Array): string {
    const text = this.#text.decode(bytes, { stream: true });
    if (!text) return "";
    const rest = this.#afterReturn && text.startsWith("\n") ? text.slice(1) : text;
    this.#afterReturn = text.endsWith("\r");
    return rest;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    if (field === "event") this.#name = value;
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const event = this.#data.length ? { name: this.#name || "message", data: this.#data.join("\n") } : undefined;
    this.#name = "";
    this.#data = [];
    return event;
  }
}
