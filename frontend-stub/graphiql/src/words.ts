// The few words of ours; GraphiQL itself speaks English.
import { page } from "./page";

const words = {
  en: {
    email: "E-mail",
    password: "Password",
    signIn: "Sign in",
    signOut: "Sign out",
    demo: "Demo sign-ins",
    shop: "Shop",
    noShop: "no shop yet",
    unreachable: "The server does not answer.",
    disconnected: "The subscription has ended: nobody is signed in, the person or the shop is another now, or the server went away.",
  },
  zh: {
    email: "邮箱",
    password: "密码",
    signIn: "登录",
    signOut: "退出",
    demo: "演示账号",
    shop: "店铺",
    noShop: "还没有店铺",
    unreachable: "服务器没有应答。",
    disconnected: "订阅已结束：未登录、换了账号或店铺，或服务器已断开。",
  },
};

export const say = words[page.language];
