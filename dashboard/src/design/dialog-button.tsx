import { useState, type ReactNode } from "react";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

interface DialogButtonProps {
  action: string;
  title: string;
  description: ReactNode;
  quiet?: boolean;
  /** What is asked for; it begins anew each time, and is given what closes it. */
  children: (close: () => void) => ReactNode;
}

/** A button that asks for more before anything is done. */
export function DialogButton({ action, title, description, quiet = false, children }: DialogButtonProps) {
  const [open, setOpen] = useState(false);
  const trigger = <Button quiet={quiet}>{action}</Button>;
  return (
    <Dialog trigger={trigger} title={title} description={description} open={open} onOpenChange={setOpen}>
      {children(() => setOpen(false))}
    </Dialog>
  );
}
