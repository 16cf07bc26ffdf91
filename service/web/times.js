// Dates as people read them, in the appointment's own time zone.

/**
 * "tiistai 24.11.2026" and "10.00–11.15", and the zone's name where this computer's is another one. A zone this
 * browser doesn't know gives way to the computer's own.
 */
export function when(appointment, language) {
  const zone = known(appointment.time_zone);
  const start = new Date(appointment.start);
  const end = new Date(appointment.end);
  const locale = { en: "en-GB", fi: "fi-FI", sv: "sv-FI" }[language] ?? language;
  const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: zone });
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", timeZone: zone });
  return {
    day: capital(day.format(start)),
    hours: `${clock.format(start)}–${clock.format(end)}`,
    zone: sameClock(start, zone) ? "" : zone.replaceAll("_", " "),
  };
}

/** "9:05", or "2:03:07" from an hour on. Negative is none. */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function known(zone) {
  try {
    Intl.DateTimeFormat("en", { timeZone: zone });
    return zone;
  } catch {
    return undefined;
  }
}

/** Whether the zone's clock and this computer's agree at that time. */
function sameClock(moment, zone) {
  const options = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" };
  const there = new Intl.DateTimeFormat("en", { ...options, timeZone: zone }).format(moment);
  return there === new Intl.DateTimeFormat("en", options).format(moment);
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
