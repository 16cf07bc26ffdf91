// Every screen by its name. A screen is made from the app and answers `{root, update(state), tick?, close?}`.

import { goodbye } from "./goodbye.js";
import { invitation } from "./invitation.js";
import { lobby } from "./lobby.js";
import { meeting } from "./meeting.js";
import { sealed } from "./sealed.js";
import { start } from "./start.js";
import { test } from "./test.js";

export const SCREENS = Object.freeze({ start, sealed, invitation, test, lobby, meeting, goodbye });
