import { Link } from "@tanstack/react-router";
import { EmptyState } from "../design/empty-state.tsx";

export function NotFound() {
  return (
    <EmptyState title="There is nothing at this address">
      <Link to="/">Go to the start</Link>
    </EmptyState>
  );
}
