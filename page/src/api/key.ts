const NAME = "sfm2.key";

/** The API key: for this tab, or kept on this device when its owner says so. */
export class Key {
  #tab: Storage;
  #device: Storage;

  constructor(tab: Storage, device: Storage) {
    this.#tab = tab;
    this.#device = device;
  }

  get value(): string | null {
    return this.#tab.getItem(NAME) ?? this.#device.getItem(NAME);
  }

  get kept(): boolean {
    return this.#device.getItem(NAME) !== null;
  }

  set(value: string, keep: boolean): void {
    this.forget();
    (keep ? this.#device : this.#tab).setItem(NAME, value);
  }

  forget(): void {
    this.#tab.removeItem(NAME);
    this.#device.removeItem(NAME);
  }
}
