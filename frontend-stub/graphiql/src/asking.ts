// How GraphiQL's questions reach the API: as the person who is signed in, for the shop in the bar.
import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";
import type { Session } from "./session";

const OUT_OF_STEP = [401, 403]; // another tab has signed in or out since

export function asking(session: Session): Fetcher {
  const socket = createClient({
    url: new URL("/graphql", location.href.replace(/^http/, "ws")).href,
    connectionParams: () => session.headers(),
    retryAttempts: 0,
  });
  let { person, shop } = session.state;
  session.subscribe(() => {
    const now = session.state;
    if (now.person?.email !== person?.email || now.shop?.id !== shop?.id) socket.terminate(); // it was opened for them
    ({ person, shop } = now);
  });

  return createGraphiQLFetcher({
    url: "/graphql",
    wsClient: socket,
    enableIncrementalDelivery: false,
    fetch: async (url, init) => {
      const answer = await fetch(url, { ...init, headers: headersOf(session, new Headers(init?.headers)) });
      if (OUT_OF_STEP.includes(answer.status)) void session.refresh();
      return answer;
    },
  });
}

/** What is written in the headers editor counts more; a token there is bound to its own shop. */
function headersOf(session: Session, written: Headers): Headers {
  if (!written.has("Authorization")) {
    for (const [name, value] of Object.entries(session.headers())) if (!written.has(name)) written.set(name, value);
  }
  return written;
}
