// Puts the page together and starts it.

import { App } from "./app.js";
import { Service } from "./service.js";

const base = document.querySelector('meta[name="api"]').content;
const app = new App(new Service(base));
addEventListener("hashchange", () => location.hash.length > 20 && location.reload());
app.start();
