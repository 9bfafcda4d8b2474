import { Link } from "@tanstack/react-router";
import { Activity, Cable, LogOut } from "lucide-react";
import { signOut, type Session } from "../api/session.ts";
import { Button } from "../design/button.tsx";
import styles from "./navigation.module.css";
import { ThemeSwitch } from "./theme-switch.tsx";

const PAGES = [
  { to: "/", label: "Home", Icon: Activity },
  { to: "/connections", label: "Connections", Icon: Cable },
] as const;

export function Navigation({ session }: { session: Session }) {
  return (
    <header className={styles["bar"]}>
      <p className={styles["name"]}>Evergrant</p>
      <nav aria-label="Pages">
        <ul className={styles["pages"]}>
          {PAGES.map(({ to, label, Icon }) => (
            <li key={to}>
              <Link to={to} className={styles["page"]} activeOptions={{ exact: to === "/" }}>
                <Icon size={18} aria-hidden="true" />
                {label}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={styles["who"]}>
        <p className={styles["person"]}>
          {session.operator?.email ?? session.operator?.subject ?? "API key"} <span>({session.role})</span>
        </p>
        <ThemeSwitch />
        <Button quiet onClick={() => void signOut()}>
          <LogOut size={16} aria-hidden="true" />
          Sign out
        </Button>
      </div>
    </header>
  );
}
