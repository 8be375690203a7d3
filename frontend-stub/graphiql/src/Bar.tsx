// The line above GraphiQL: who is signed in, in which shop, and the way in and out.
import { type FormEvent, useState, useSyncExternalStore } from "react";
import { page, type SignIn } from "./page";
import type { Person, Session, Shop } from "./session";
import { say } from "./words";

export function Bar({ session }: { session: Session }) {
  const { person, shop, trouble } = useSyncExternalStore(session.subscribe, session.snapshot);
  const [isBusy, setBusy] = useState(false);

  async function during(step: Promise<void>): Promise<void> {
    setBusy(true);
    await step;
    setBusy(false);
  }
  const enter = (email: string, password: string) => void during(session.start(email, password));

  return (
    <header className="bar" aria-busy={isBusy}>
      <a className="bar-home" href={`/?lang=${page.language}`}>
        <img src="/assets/stoa.svg" alt="" width="22" height="22" />
        Stoa
      </a>
      <DemoSignIns signedIn={person} isBusy={isBusy} enter={enter} />
      <span className="bar-space" />
      <span className="bar-trouble" role="alert">
        {trouble}
      </span>
      {person ? (
        <>
          <ShopChoice shops={person.shops} shop={shop} choose={(id) => session.choose(id)} />
          <span className="bar-person" title={person.email}>
            {person.name}
          </span>
          <button type="button" disabled={isBusy} onClick={() => void during(session.end())}>
            {say.signOut}
          </button>
        </>
      ) : (
        <SignInForm isBusy={isBusy} enter={enter} />
      )}
    </header>
  );
}

type Enter = (email: string, password: string) => void;

function DemoSignIns(props: { signedIn: Person | null; isBusy: boolean; enter: Enter }) {
  if (page.signIns.length === 0) return null;
  return (
    <span className="bar-demo" role="group" aria-label={say.demo}>
      {page.signIns.map(({ email, password, person, shop }: SignIn) => (
        <button
          key={email}
          type="button"
          title={`${say.signIn}: ${email}`}
          disabled={props.isBusy}
          aria-pressed={props.signedIn?.email === email}
          onClick={() => props.enter(email, password)}
        >
          {person} <small>{shop}</small>
        </button>
      ))}
    </span>
  );
}

function ShopChoice({ shops, shop, choose }: { shops: Shop[]; shop: Shop | null; choose: (id: string) => void }) {
  if (shops.length < 2) return <span className="bar-shop">{shop?.name ?? say.noShop}</span>;
  return (
    <select className="bar-shop" aria-label={say.shop} value={shop?.id} onChange={(event) => choose(event.target.value)}>
      {shops.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}

function SignInForm({ isBusy, enter }: { isBusy: boolean; enter: Enter }) {
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    enter(String(form.get("email")), String(form.get("password")));
  }
  return (
    <form className="bar-form" onSubmit={submit}>
      <input name="email" type="email" required autoComplete="username" placeholder={say.email} aria-label={say.email} />
      <input
        name="password"
        type="password"
        required
        autoComplete="current-password"
        placeholder={say.password}
        aria-label={say.password}
      />
      <button type="submit" disabled={isBusy}>
        {say.signIn}
      </button>
    </form>
  );
}
