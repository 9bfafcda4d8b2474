import type { ReactNode } from "react";
import styles from "./card.module.css";

export function Card({ children, title }: { children: ReactNode; title?: string }) {
  return (
    <section className={styles["card"]} {...(title !== undefined && { "aria-label": title })}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  );
}
