import { ApiError } from "../api/problem.ts";
import { Button } from "./button.tsx";
import styles from "./failure.module.css";

/** What went wrong and what helps, told where it happened. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  return (
    <div role="alert" className={styles["failure"]}>
      <p>{error.message}</p>
      {error instanceof ApiError && <p className={styles["code"]}>{error.code}</p>}
      {retry && (
        <Button quiet onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}
