import { X } from "lucide-react";
import { Dialog as Base } from "radix-ui";
import type { ReactNode } from "react";
import styles from "./dialog.module.css";

interface DialogProps {
  /** What opens it. */
  trigger: ReactNode;
  title: string;
  /** What the dialog is about, in one sentence. */
  description: ReactNode;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  children: ReactNode;
}

/** Takes the keyboard while it is open, gives it back, and closes by Escape (WAI-ARIA APG, dialog). */
export function Dialog({ trigger, title, description, open, onOpenChange, children }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Trigger asChild>{trigger}</Base.Trigger>
      <Base.Portal>
        <Base.Overlay className={styles["overlay"]} />
        <Base.Content
          className={styles["dialog"]}
          // What is written in it, or shown once, is not to be lost by a click beside it.
          onInteractOutside={(event) => event.preventDefault()}
        >
          <div className={styles["head"]}>
            <Base.Title asChild>
              <h2>{title}</h2>
            </Base.Title>
            <Base.Close className={styles["close"]} aria-label="Close">
              <X size={18} aria-hidden="true" />
            </Base.Close>
          </div>
          <Base.Description asChild>
            <div className={styles["description"]}>{description}</div>
          </Base.Description>
          {children}
        </Base.Content>
      </Base.Portal>
    </Base.Root>
  );
}
