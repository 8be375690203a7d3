// What the server hands to the page: see platform/web/pages.py.

export type SignIn = { email: string; password: string; person: string; shop: string };
export type Page = { language: "zh" | "en"; signIns: SignIn[]; examples: string[] };

const text = document.getElementById("page")?.textContent;
if (!text) throw new Error("The page came without its data.");

export const page = JSON.parse(text) as Page;
