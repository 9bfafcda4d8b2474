const inspect = Symbol.for("nodejs.util.inspect.custom");
const PRINTED = "[secret]";

/** A value that prints as `[secret]` wherever it ends up; `reveal` is called in few, named places. */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return PRINTED;
  }

  toJSON(): string {
    return PRINTED;
  }

  [inspect](): string {
    return PRINTED;
  }
}

export function secret<T>(value: T): Secret<T> {
  return new Secret(value);
}
