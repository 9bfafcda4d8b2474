import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./badge.module.css";

export type Tone = "good" | "bad" | "waiting" | "calm";

/** A state in words, with a sign and a colour that never stand alone. */
export function Badge({ tone, Icon, children }: { tone: Tone; Icon: LucideIcon; children: ReactNode }) {
  return (
    <span className={`${styles["badge"]} ${styles[tone]}`}>
      <Icon size={14} aria-hidden="true" />
      {children}
    </span>
  );
}
