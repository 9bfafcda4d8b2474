/** Whether the service keeps the token fresh; states this version does not know are passed through. */
export type RefreshState = "ok" | "refreshing" | "failing" | (string & Record<never, never>);

/** A token to call an API with. Printing it, as text or as JSON, shows "[secret]" in place of the token. */
export interface AccessToken {
  /** The token itself. It is not enumerable, so copying the object leaves it out. */
  readonly accessToken: string;
  /** How the token is presented (RFC 6749, section 7.1), usually "Bearer". */
  readonly tokenType: string;
  /** When the token ends, or null when the provider did not say. */
  readonly expiresAt: Date | null;
  /** The granted scope (RFC 6749, section 3.3), or null when the provider did not say. */
  readonly scope: readonly string[] | null;
  /** What the provider said beside the tokens, such as the address of its API, by the names of its catalogue entry. */
  readonly answerFields: Readonly<Record<string, string>>;
  readonly connectionId: string;
  /** Grows with every new token of the connection; a refusal is reported by it. */
  readonly generation: number;
  readonly refreshState: RefreshState;
  /** What is needed and was not granted; the token is good for everything else. */
  readonly missingScopes: readonly string[];
}

/** Hides the token from everything that prints objects. */
export function sealAccessToken({ accessToken, ...open }: AccessToken): AccessToken {
  const shown = { accessToken: "[secret]", ...open };
  return Object.defineProperties(
    { accessToken: "", ...open },
    {
      accessToken: { get: () => accessToken, enumerable: false },
      toJSON: { value: () => shown },
      [inspect]: { value: () => shown },
    },
  );
}

/** Node's `util.inspect` calls the method of this name; the registry of symbols spares an import of `node:util`. */
const inspect = Symbol.for("nodejs.util.inspect.custom");
