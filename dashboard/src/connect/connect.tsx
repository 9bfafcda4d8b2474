import { Page } from "../design/page.tsx";

export function Connect() {
  return <Page title="Connect">{null}</Page>;
}
