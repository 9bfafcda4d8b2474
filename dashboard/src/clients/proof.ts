import type { Client, NewClient } from "../api/client-shapes.ts";
import { textOf } from "../design/read-fields.ts";

export type Authentication = Client["authentication"];
export type GivenProof = Pick<NewClient, "client_secret" | "signing_key" | "client_certificate">;

interface Way {
  words: string;
  /** What the client proves itself with, in the middle of a sentence; null: with nothing. */
  proof: "secret" | "key" | "certificate" | null;
}

export const WAYS: Readonly<Record<Authentication, Way>> = {
  client_secret_basic: { words: "A secret, in a header", proof: "secret" },
  client_secret_post: { words: "A secret, in the request", proof: "secret" },
  private_key_jwt: { words: "A key that it signs with", proof: "key" },
  tls_client_auth: { words: "A certificate of an authority", proof: "certificate" },
  self_signed_tls_client_auth: { words: "A certificate of its own", proof: "certificate" },
  none: { words: "Nothing: it is a public client", proof: null },
};

export function authenticationNamed(name: string): Authentication | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the record are all that there are
  return (Object.keys(WAYS) as Authentication[]).find((each) => each === name);
}

export const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"] as const;

/** What stands in the fields of `ProofFields`. */
export function readProof(fields: FormData, authentication: Authentication): GivenProof {
  switch (WAYS[authentication].proof) {
    case "secret":
      return { client_secret: textOf(fields, "client_secret") };
    case "key":
      return { signing_key: signingKeyIn(fields) };
    case "certificate":
      return {
        client_certificate: { certificate: textOf(fields, "certificate"), private_key: textOf(fields, "private_key") },
      };
    case null:
      return {};
  }
}

function signingKeyIn(fields: FormData): NonNullable<GivenProof["signing_key"]> {
  const algorithm = ALGORITHMS.find((each) => each === textOf(fields, "algorithm")) ?? "RS256";
  const privateKey = textOf(fields, "private_key");
  const certificate = textOf(fields, "certificate");
  return { algorithm, ...(privateKey && { private_key: privateKey }), ...(certificate && { certificate }) };
}

/** An end of day that was chosen, as the API wants it; undefined where none was. */
export function endIn(fields: FormData, name: string): string | undefined {
  const day = textOf(fields, name);
  return day === "" ? undefined : new Date(`${day}T00:00:00Z`).toISOString();
}
