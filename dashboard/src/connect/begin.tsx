import { useMay } from "../api/use-may.ts";
import { ButtonLink } from "../design/button-link.tsx";

/** The way to a first account, for those who may go it. */
export function Begin({ children }: { children: string }) {
  const maySetUp = useMay("clients:write");
  const mayConnect = useMay("connections:write");
  if (!maySetUp && !mayConnect) return <p>Operators and administrators can connect one.</p>;
  return <ButtonLink to="/connect">{children}</ButtonLink>;
}
