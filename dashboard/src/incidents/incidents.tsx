import { Page } from "../design/page.tsx";

export function Incidents() {
  return <Page title="Incidents">{null}</Page>;
}
