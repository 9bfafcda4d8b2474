import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";
import styles from "./button.module.css";

interface ButtonAnchorProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  ref?: Ref<HTMLAnchorElement>;
}

function ButtonAnchor({ children, ...rest }: ButtonAnchorProps) {
  return (
    <a {...rest} className={styles["button"]}>
      {children}
    </a>
  );
}

/** Goes to another page, and is the first thing to do on this one. */
export const ButtonLink = createLink(ButtonAnchor);
