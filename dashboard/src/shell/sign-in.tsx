import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { addressOf } from "../api/ask.ts";
import { signInWithKey } from "../api/session.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Failure } from "../design/failure.tsx";
import { Field } from "../design/field.tsx";
import { useTitle } from "../design/use-title.ts";
import styles from "./sign-in.module.css";

/** With the issuer that the settings name, if there is one, or with an API key of the scope `admin`. */
export function SignIn() {
  const hasIssuer = document.querySelector<HTMLMetaElement>('meta[name="sign-in"]')?.content === "issuer";
  useTitle("Sign in");
  return (
    <main className={styles["place"]}>
      <Card>
        <h1>Evergrant</h1>
        {hasIssuer && (
          <p>
            <a className={styles["issuer"]} href={addressOf("operator/sign-in")}>
              Sign in
            </a>
          </p>
        )}
        <KeyForm />
      </Card>
    </main>
  );
}

function KeyForm() {
  const [key, setKey] = useState("");
  const opening = useMutation({ mutationFn: signInWithKey, onSettled: () => setKey(""), gcTime: 0 });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    opening.mutate(key.trim());
  };
  return (
    <form onSubmit={submit} className={styles["form"]}>
      <Field label="API key" hint="The admin key, or another key with the scope admin. It is used once and not kept.">
        {(id, described) => (
          <input
            id={id}
            aria-describedby={described}
            type="password"
            autoComplete="off"
            required
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        )}
      </Field>
      {opening.isError && <Failure error={opening.error} />}
      <Button type="submit" busy={opening.isPending}>
        Sign in with the key
      </Button>
    </form>
  );
}
