import { Link } from "@tanstack/react-router";
import { Menu } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import type { Session } from "../api/session.ts";
import { Button } from "../design/button.tsx";
import styles from "./navigation.module.css";
import { pagesFor } from "./page-links.ts";
import { SignOut } from "./sign-out.tsx";

/** Beside every page; where there is little room, behind a button (WAI-ARIA APG, disclosure). */
export function Navigation({ session }: { session: Session }) {
  const [open, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const menu = useId();
  useEscape(open, () => {
    setOpen(false);
    toggle.current?.focus();
  });
  return (
    <header className={styles["bar"]}>
      <p className={styles["name"]}>Evergrant</p>
      <div className={styles["toggle"]}>
        <Button quiet ref={toggle} aria-expanded={open} aria-controls={menu} onClick={() => setOpen(!open)}>
          <Menu size={18} aria-hidden="true" />
          Menu
        </Button>
      </div>
      <div id={menu} className={styles["menu"]} data-open={open}>
        <Pages session={session} leave={() => setOpen(false)} />
        <Who session={session} />
      </div>
    </header>
  );
}

function Pages({ session, leave }: { session: Session; leave: () => void }) {
  return (
    <nav aria-label="Pages">
      <ul className={styles["pages"]}>
        {pagesFor(session).map(({ to, label, Icon }) => (
          <li key={to}>
            <Link to={to} className={styles["page"]} activeOptions={{ exact: to === "/" }} onClick={leave}>
              <Icon size={18} aria-hidden="true" />
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Who({ session: { operator, role } }: { session: Session }) {
  return (
    <div className={styles["who"]}>
      <p className={styles["person"]}>
        {operator?.email ?? operator?.subject ?? "API key"} <span>({role})</span>
      </p>
      <SignOut label="Sign out" />
    </div>
  );
}

function useEscape(active: boolean, act: () => void): void {
  useEffect(() => {
    if (!active) return undefined;
    const press = ({ key }: KeyboardEvent): void => {
      if (key === "Escape") act();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  });
}
