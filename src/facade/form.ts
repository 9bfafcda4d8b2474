import { OAuthRefusal } from "./oauth-error.ts";

/** The parameters of a token request. RFC 6749 §3.2: none twice, and an empty one counts as left out. */
export interface Form {
  get(name: string): string | undefined;
  /** Throws `OAuthRefusal` where it is missing. */
  require(name: string): string;
}

export function readForm(text: string): Form {
  const parameters = new URLSearchParams(text);
  const get = (name: string): string | undefined => {
    const [value, second] = parameters.getAll(name);
    if (second !== undefined) throw new OAuthRefusal("invalid_request", `${name} stands there twice.`);
    return value === "" ? undefined : value;
  };
  return {
    get,
    require: (name) => {
      const value = get(name);
      if (value === undefined) throw new OAuthRefusal("invalid_request", `${name} is missing.`);
      return value;
    },
  };
}
