import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { Database } from "better-sqlite3";
import type { JWK } from "oidc-provider";

/** The key ID tokens are signed with. */
export interface SigningKeyTable {
  /** The stored key, or a new one that is stored from then on. */
  key(): Promise<JWK>;
}

export function createSigningKeyTable(database: Database): SigningKeyTable {
  database.exec("CREATE TABLE IF NOT EXISTS signing_key (jwk TEXT NOT NULL)");
  const find = database.prepare<[], string>("SELECT jwk FROM signing_key").pluck();
  const save = database.prepare("INSERT INTO signing_key (jwk) VALUES (?)");
  return {
    key: async () => {
      const stored = find.get();
      if (stored !== undefined) return JSON.parse(stored);
      const jwk = await (database.memory ? keyOfThisProcess() : newKey());
      save.run(JSON.stringify(jwk));
      return jwk;
    },
  };
}

let shared: Promise<JWK> | undefined;

/** Making an RSA key takes longer than all the rest of starting; sandboxes that live in memory share one. */
function keyOfThisProcess(): Promise<JWK> {
  shared ??= newKey();
  return shared;
}

/** RS256, the one algorithm every OpenID Connect client must know (OpenID Connect Core §15.1). */
async function newKey(): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), alg: "RS256", use: "sig" };
}
