import type { FormEvent, ReactNode } from "react";
import { Button } from "./button.tsx";
import { Failure } from "./failure.tsx";
import styles from "./form.module.css";

interface FormProps {
  /** What the button says that sends it. */
  action: string;
  submit: () => void;
  busy: boolean;
  error: Error | null;
  /** What is still to be chosen, where no field says so by itself. */
  incomplete?: string | undefined;
  children?: ReactNode;
}

/** Fields, what went wrong with them, and the one button that sends them. */
export function Form({ action, submit, busy, error, incomplete, children }: FormProps) {
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (incomplete === undefined) submit();
  };
  return (
    <form className={styles["form"]} onSubmit={send}>
      {children}
      {error && <Failure error={error} />}
      {incomplete !== undefined && <p>{incomplete}</p>}
      <div className={styles["send"]}>
        <Button type="submit" busy={busy}>
          {action}
        </Button>
      </div>
    </form>
  );
}
