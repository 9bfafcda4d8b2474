import type { ReactNode } from "react";
import { Field } from "../design/field.tsx";
import { ALGORITHMS, WAYS, type Authentication } from "./proof.ts";
import styles from "./proof-fields.module.css";

interface ProofFieldsProps {
  authentication: Authentication;
  /** What is known of secrets at this provider. */
  about?: ReactNode;
}

/** What a client of this kind proves itself with. It can be given and never be looked at again. */
export function ProofFields({ authentication, about }: ProofFieldsProps) {
  switch (WAYS[authentication].proof) {
    case "secret":
      return (
        <>
          <Field label="Client secret" hint={<>It is sealed, and shown to nobody again. {about}</>}>
            {(id, described) => (
              <input
                id={id}
                aria-describedby={described}
                name="client_secret"
                type="password"
                autoComplete="off"
                required
                maxLength={16_384}
              />
            )}
          </Field>
          <EndField what="secret" />
        </>
      );
    case "key":
      return <KeyFields about={about} />;
    case "certificate":
      return (
        <>
          <PemField
            name="certificate"
            label="Certificate"
            hint={<>It may be followed by those that lead to its authority. {about}</>}
            required
          />
          <PemField
            name="private_key"
            label="Its private key"
            hint="It is sealed, and shown to nobody again."
            required
          />
        </>
      );
    case null:
      return null;
  }
}

function KeyFields({ about }: { about: ReactNode }) {
  return (
    <>
      <Field label="Algorithm" hint={<>A pair of keys is made here, and the private one never leaves. {about}</>}>
        {(id, described) => (
          <select id={id} aria-describedby={described} name="algorithm">
            {ALGORITHMS.map((algorithm) => (
              <option key={algorithm}>{algorithm}</option>
            ))}
          </select>
        )}
      </Field>
      <details className={styles["more"]}>
        <summary>Use a key of your own</summary>
        <PemField name="private_key" label="Private key" hint="PKCS #8. It is sealed, and shown to nobody again." />
        <PemField
          name="certificate"
          label="Certificate"
          hint="For providers that know the key by its certificate, as Microsoft does."
        />
      </details>
      <EndField what="key" />
    </>
  );
}

interface PemFieldProps {
  name: string;
  label: string;
  hint: ReactNode;
  required?: boolean;
}

function PemField({ name, label, hint, required = false }: PemFieldProps) {
  return (
    <Field label={label} hint={hint}>
      {(id, described) => (
        <textarea
          id={id}
          aria-describedby={described}
          name={name}
          rows={4}
          placeholder="-----BEGIN …"
          required={required}
          maxLength={32_768}
          spellCheck={false}
          autoComplete="off"
          className={styles["pem"]}
        />
      )}
    </Field>
  );
}

function EndField({ what }: { what: string }) {
  return (
    <Field
      label={`The ${what} ends on`}
      hint="If the provider ends it some day: you are warned 30, 7 and 1 days ahead."
    >
      {(id, described) => <input id={id} aria-describedby={described} name="expires_at" type="date" />}
    </Field>
  );
}
