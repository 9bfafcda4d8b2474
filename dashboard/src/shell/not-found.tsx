import { ButtonLink } from "../design/button-link.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Page } from "../design/page.tsx";

export function NotFound() {
  return (
    <Page title="Not found">
      <EmptyState title="There is nothing at this address">
        <ButtonLink to="/">Go to the start</ButtonLink>
      </EmptyState>
    </Page>
  );
}
