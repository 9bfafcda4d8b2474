import { Page } from "../design/page.tsx";

export function ClientPage() {
  return <Page title="Client">{null}</Page>;
}
