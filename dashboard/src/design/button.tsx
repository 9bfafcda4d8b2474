import type { ButtonHTMLAttributes, Ref } from "react";
import styles from "./button.module.css";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  ref?: Ref<HTMLButtonElement>;
  /** What was asked for is under way; asking again does nothing. */
  busy?: boolean;
  /** Beside a more important one. */
  quiet?: boolean;
  /** It takes something away. */
  destructive?: boolean;
}

/** While it is busy it keeps the keyboard, which a disabled one loses. */
export function Button({
  busy = false,
  quiet = false,
  destructive = false,
  type = "button",
  onClick,
  ...rest
}: ButtonProps) {
  const look = [styles["button"], quiet && styles["quiet"], destructive && styles["destructive"]];
  return (
    <button
      {...rest}
      // oxlint-disable-next-line react/button-has-type -- it always has one
      type={type}
      className={look.filter(Boolean).join(" ")}
      aria-busy={busy}
      aria-disabled={busy}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    />
  );
}
