import { Page } from "../design/page.tsx";

export function IncidentPage() {
  return <Page title="Incident">{null}</Page>;
}
