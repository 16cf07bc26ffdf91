// Why a browser gives no camera or microphone, told apart as far as it tells.

/** What the page calls each kind of trouble, and what the service is told of it (DeviceCheck). */
export const CHECKS = Object.freeze({
  on: "ok",
  off: "off",
  denied: "denied",
  dismissed: "denied",
  system: "denied",
  missing: "missing",
  busy: "busy",
  insecure: "failed",
  failed: "failed",
  black: "black",
  silent: "silent",
});

/**
 * The trouble behind a failed getUserMedia for "camera" or "microphone": denied (by an earlier or this choice,
 * kept), dismissed (asked again next time), system (the operating system's switch), missing, busy, insecure, failed.
 * `permission`: the browser's answer to permissions.query, or "" where it has none.
 */
export function troubleOf(error, permission) {
  if (["NotFoundError", "OverconstrainedError", "DevicesNotFoundError"].includes(error.name)) return "missing";
  if (["NotReadableError", "TrackStartError", "AbortError"].includes(error.name)) return "busy";
  if (error.name === "NotAllowedError" || error.name === "PermissionDeniedError") {
    if (/system/i.test(error.message)) return "system";
    return permission === "prompt" ? "dismissed" : "denied";
  }
  return error.name === "SecurityError" || error.name === "TypeError" ? "insecure" : "failed";
}

/** "granted", "denied", "prompt", or "" where the browser does not say. */
export async function permissionOf(kind) {
  try {
    return (await navigator.permissions.query({ name: kind })).state;
  } catch {
    return "";
  }
}
