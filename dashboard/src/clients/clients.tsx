import { Page } from "../design/page.tsx";

export function Clients() {
  return <Page title="Clients">{null}</Page>;
}
