// Puts the page together and starts it.

import { App } from "./app.js";
import { h } from "./dom.js";
import { Service } from "./service.js";

// Where the page can't even find its words, or may keep nothing: each sentence in a language of ours.
const NOT_OPENED = Object.freeze({
  fi: "Sivua ei voitu avata. Tarkista verkkoyhteytesi, salli evästeet ja lataa sivu uudelleen, tai kokeile toista selainta.",
  sv: "Sidan kunde inte öppnas. Kontrollera internetanslutningen, tillåt kakor och ladda om sidan, eller prova en annan webbläsare.",
  en: "The page could not be opened. Check your internet connection, allow cookies and reload the page, or try another browser.",
});

const base = document.querySelector('meta[name="api"]').content;
const app = new App(new Service(base));
addEventListener("hashchange", () => location.hash.length > 20 && location.reload());
app.start().catch((error) => {
  const said = Object.entries(NOT_OPENED).map(([lang, text]) => h("p", { lang }, text));
  document.getElementById("screen").replaceChildren(h("div", { class: "card narrow", role: "alert" }, said));
  throw error;
});
