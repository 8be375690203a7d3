// How GraphiQL's questions reach the API: as the person who is signed in, for the shop in the bar.
import type { Fetcher, FetcherParams } from "@graphiql/toolkit";
import { getOperationAST } from "graphql";
import { type Client, createClient, type SubscribePayload } from "graphql-ws";
import type { Session } from "./session";
import { say } from "./words";

const OUT_OF_STEP = [401, 403, 404]; // not our token, not our shop: another tab has signed in or out since
const FORBIDDEN = 4403; // the same, as a web socket says it

export function asking(session: Session): Fetcher {
  const socket = socketOf(session);
  return async (question, options) => {
    const operation = options?.documentAST && getOperationAST(options.documentAST, question.operationName);
    if (operation?.operation === "subscription") return listen(socket, question);
    return post(session, question, new Headers(options?.headers));
  };
}

/** Answers are JSON whatever the status is, and say by themselves what is wrong. */
async function post(session: Session, question: FetcherParams, headers: Headers) {
  headers.set("Content-Type", "application/json");
  if (!headers.has("Authorization")) {
    // What is written in the headers editor counts more; a token there is bound to a shop of its own.
    for (const [name, value] of Object.entries(session.headers())) if (!headers.has(name)) headers.set(name, value);
  }
  const answer = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify(question) });
  if (OUT_OF_STEP.includes(answer.status)) void session.refresh();
  return answer.json();
}

function socketOf(session: Session): Client {
  const socket = createClient({
    url: new URL("/graphql", location.href.replace(/^http/, "ws")).href,
    connectionParams: () => session.headers(),
    retryAttempts: 0,
    on: {
      closed: (event) => {
        if (event instanceof CloseEvent && event.code === FORBIDDEN) void session.refresh();
      },
    },
  });
  let { person, shop } = session.state;
  session.subscribe(() => {
    const now = session.state;
    const isAnother = now.person?.email !== person?.email || now.shop?.id !== shop?.id;
    ({ person, shop } = now);
    if (isAnother) socket.terminate(); // it was opened for them
  });
  return socket;
}

async function* listen(socket: Client, question: FetcherParams) {
  try {
    yield* socket.iterate(question as SubscribePayload);
  } catch (reason) {
    yield { errors: Array.isArray(reason) ? reason : [{ message: say.disconnected }] };
  }
}
