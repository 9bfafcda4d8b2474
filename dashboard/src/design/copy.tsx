import { Check, Copy as CopyIcon } from "lucide-react";
import { useState } from "react";
import { Button } from "./button.tsx";
import styles from "./copy.module.css";

/** A text that people take along, such as a redirect URI, with a button that copies it. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <span className={styles["copy"]}>
      <code>{text}</code>
      <Button quiet aria-label={`Copy ${label}`} onClick={() => void copy()}>
        {copied ? <Check size={16} aria-hidden="true" /> : <CopyIcon size={16} aria-hidden="true" />}
      </Button>
      <output>{copied && "Copied"}</output>
    </span>
  );
}
