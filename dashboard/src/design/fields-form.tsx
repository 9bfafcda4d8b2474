import type { FormEvent, ReactNode, Ref } from "react";
import styles from "./fields-form.module.css";

interface FieldsFormProps {
  /** Is handed what stands in the fields, by their names. */
  submit: (fields: FormData, form: HTMLFormElement) => void;
  children: ReactNode;
  ref?: Ref<HTMLFormElement>;
}

/** What is typed stays in the fields and nowhere else, so that a secret is in no state and in no cache. */
export function FieldsForm({ submit, children, ref }: FieldsFormProps) {
  const submitted = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    submit(new FormData(event.currentTarget), event.currentTarget);
  };
  return (
    <form ref={ref} className={styles["form"]} onSubmit={submitted}>
      {children}
    </form>
  );
}
