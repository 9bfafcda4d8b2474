import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { startPageServer } from "./page-server.ts";

export type Claims = Record<string, unknown>;

/** An issuer of security event tokens, with its keys served over HTTP. */
export interface Transmitter {
  origin: string;
  /** Its keys cannot be read. */
  isDown: boolean;
  /** Over what the configuration says otherwise. */
  configuration: Claims;
  /** How often its keys were asked for. */
  readonly asked: { keys: number };
  published: JWK[];
  /** Signs as its header says, which is right unless told otherwise. */
  sign(claims: Claims, header?: Claims): Promise<string>;
  /** Signs with another key from now on, and publishes only that. */
  changeKey(): Promise<void>;
  privateKey: CryptoKey | null;
}

export async function startTransmitter(): Promise<Transmitter> {
  const transmitter: Transmitter = {
    origin: "",
    isDown: false,
    configuration: {},
    asked: { keys: 0 },
    published: [],
    privateKey: null,
    sign: async (claims, header = {}) => {
      if (!transmitter.privateKey) throw new Error("It has no key yet.");
      const kid = transmitter.published[0]?.kid ?? "";
      return new SignJWT(claims)
        .setProtectedHeader({ alg: "RS256", kid, typ: "secevent+jwt", ...header })
        .sign(transmitter.privateKey);
    },
    changeKey: async () => {
      const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
      transmitter.privateKey = privateKey;
      transmitter.published = [
        { ...(await exportJWK(publicKey)), kid: `key-${Math.random()}`, alg: "RS256", use: "sig" },
      ];
    },
  };
  transmitter.origin = await startPageServer((request, response) => {
    const say = (body: object): void =>
      void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (transmitter.isDown) return void response.writeHead(500).end();
    switch (request.url ?? "") {
      case "/.well-known/ssf-configuration": {
        const { origin, configuration } = transmitter;
        return say({ issuer: origin, jwks_uri: `${origin}/keys`, ...configuration });
      }
      case "/keys":
        transmitter.asked.keys++;
        return say({ keys: transmitter.published });
      default:
        return void response.writeHead(404).end();
    }
  });
  await transmitter.changeKey();
  return transmitter;
}
