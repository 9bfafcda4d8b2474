import type { ClientSecret } from "../api/client-shapes.ts";
import { Copy } from "../design/copy.tsx";
import styles from "./public-key.module.css";

/** What everybody may see of a key or a certificate, for providers where it is pasted. */
export function PublicKey({ secret: { state, signing_key, certificate } }: { secret: ClientSecret }) {
  const text = certificate ?? JSON.stringify(signing_key, null, 2);
  const what = certificate === null ? "public key" : "certificate";
  return (
    <details className={styles["key"]}>
      <summary>
        The {WORDS[state]} {what}
        {signing_key && ` (${signing_key.alg}, ${signing_key.kid})`}
      </summary>
      <Copy text={text} label={`the ${what}`} />
    </details>
  );
}

const WORDS = { active: "active", staged: "new", retired: "former" } as const satisfies Record<
  ClientSecret["state"],
  string
>;
