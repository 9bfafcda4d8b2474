import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Button } from "./button.tsx";
import styles from "./confirm.module.css";
import { Dialog } from "./dialog.tsx";
import { Failure } from "./failure.tsx";

interface ConfirmProps {
  /** What the button that begins it says, and the one that does it. */
  action: string;
  title: string;
  /** What will happen, to whom, and whether it can be taken back. */
  consequence: ReactNode;
  run: () => Promise<unknown>;
  disabled?: boolean;
  /** It takes nothing away, and is asked for because it does much at once. */
  harmless?: boolean;
}

/** An act of consequence: it says what it will do, asks once, and stays open with the reason where it fails. */
export function Confirm({ action, title, consequence, run, disabled = false, harmless = false }: ConfirmProps) {
  const [open, setOpen] = useState(false);
  const act = useMutation({ mutationFn: run, onSuccess: () => setOpen(false) });
  const trigger = (
    <Button quiet={harmless} destructive={!harmless} disabled={disabled}>
      {action}
    </Button>
  );
  return (
    <Dialog trigger={trigger} title={title} description={consequence} open={open} onOpenChange={setOpen}>
      {act.isError && <Failure error={act.error} />}
      <div className={styles["buttons"]}>
        <Button quiet onClick={() => setOpen(false)}>
          Cancel
        </Button>
        <Button destructive={!harmless} busy={act.isPending} onClick={() => act.mutate()}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
