// Who is signed in, and for which shop they ask. The session's secret is in a cookie that no script can read.
import type { SignIn } from "./page";
import { say } from "./words";

export type Shop = { id: string; name: string; currency: string };
export type Person = { name: string; email: string; shops: Shop[] };
export type State = { person: Person | null; shop: Shop | null; trouble: string | null };

type UserError = { code: string; message: string };
type Standing = { account: { name: string; email: string }; memberships: { shop: Shop }[] };

const ME = "query Me { me { account { name email } memberships { shop { id name currency } } } }";
const START = `mutation SignIn($input: SessionStartInput!) {
  sessionStart(input: $input) { csrfToken userErrors { code message } }
}`;
const END = "mutation SignOut { sessionEnd(input: {}) { userErrors { code message } } }";
const CHOSEN_SHOP = "stoa:shop";
const SIGNED_OUT = "stoa:signed-out";

export class Session {
  state: State = { person: null, shop: null, trouble: null };
  #csrfToken: string | null = null;
  #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly snapshot = (): State => this.state;

  /** What a request of this session carries beside its cookie. */
  headers(): Record<string, string> {
    return {
      ...(this.#csrfToken && { "Stoa-Csrf": this.#csrfToken }),
      ...(this.state.shop && { "Stoa-Shop": this.state.shop.id }),
    };
  }

  /** Find out who is signed in; when nobody is, and nobody wanted to be out, sign in with `first`. */
  async open(first: SignIn | undefined): Promise<void> {
    await this.refresh();
    if (first && !this.state.person && !this.state.trouble && !sessionStorage.getItem(SIGNED_OUT)) {
      await this.start(first.email, first.password);
    }
  }

  /** Ask anew, after a reload or when another tab has signed in or out. */
  async refresh(): Promise<void> {
    await this.#try(async () => {
      const answer = await fetch("/session", { method: "POST" });
      this.#csrfToken = ((await answer.json()) as { csrfToken: string | null }).csrfToken;
      await this.#meet();
    });
  }

  async start(email: string, password: string): Promise<void> {
    await this.#try(async () => {
      const { sessionStart } = await this.#ask<{ sessionStart: { csrfToken: string; userErrors: UserError[] } }>(START, {
        input: { email, password },
      });
      refuse(sessionStart.userErrors);
      this.#csrfToken = sessionStart.csrfToken;
      sessionStorage.removeItem(SIGNED_OUT);
      await this.#meet();
    });
  }

  async end(): Promise<void> {
    await this.#try(async () => {
      const { sessionEnd } = await this.#ask<{ sessionEnd: { userErrors: UserError[] } }>(END);
      refuse(sessionEnd.userErrors);
      this.#csrfToken = null;
      sessionStorage.setItem(SIGNED_OUT, "yes");
      this.#become({ person: null, shop: null, trouble: null });
    });
  }

  /** Ask for this one of the person's shops from now on. Each browser tab remembers its own. */
  choose(id: string): void {
    const shop = this.state.person?.shops.find((each) => each.id === id) ?? null;
    if (shop) sessionStorage.setItem(CHOSEN_SHOP, shop.id);
    this.#become({ ...this.state, shop });
  }

  async #meet(): Promise<void> {
    const { me } = await this.#ask<{ me: Standing | null }>(ME);
    const shops = me?.memberships.map((each) => each.shop) ?? [];
    const chosen = shops.find((shop) => shop.id === sessionStorage.getItem(CHOSEN_SHOP));
    this.#become({ person: me && { ...me.account, shops }, shop: chosen ?? shops[0] ?? null, trouble: null });
  }

  /** Our own questions are about the person and name no shop: the one that was chosen may be somebody else's by now. */
  async #ask<Data>(query: string, variables: object = {}): Promise<Data> {
    const headers = new Headers({ "Content-Type": "application/json" });
    if (this.#csrfToken) headers.set("Stoa-Csrf", this.#csrfToken);
    const answer = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = (await answer.json()) as { data?: Data; errors?: UserError[] };
    refuse(errors ?? []);
    return data as Data;
  }

  async #try(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#become({ ...this.state, trouble: error instanceof Refused ? error.message : say.unreachable });
    }
  }

  #become(state: State): void {
    this.state = state;
    for (const listener of this.#listeners) listener();
  }
}

class Refused extends Error {}

function refuse(errors: UserError[]): void {
  if (errors[0]) throw new Refused(errors[0].message);
}
