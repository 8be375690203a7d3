// The page at /graphiql.
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { createRoot } from "react-dom/client";
import { asking } from "./asking";
import { Bar } from "./Bar";
import { page } from "./page";
import "./page.css";
import { Session } from "./session";

const session = new Session();
await session.open(page.signIns[0]); // GraphiQL asks for the schema as soon as it is shown: as whoever is signed in by then

const currency = session.state.shop?.currency ?? "EUR";
const examples = page.examples.map((example) => ({ query: example.replaceAll("{{currency}}", currency) }));
const place = document.getElementById("graphiql");
if (!place) throw new Error("The page has no place for GraphiQL.");

createRoot(place).render(
  <>
    <Bar session={session} />
    <GraphiQL fetcher={asking(session)} defaultTabs={examples}>
      <GraphiQL.Logo>
        <></>
      </GraphiQL.Logo>
    </GraphiQL>
  </>,
);
