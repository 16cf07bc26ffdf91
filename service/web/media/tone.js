// Three soft notes on the chosen speaker.

const NOTES = Object.freeze([523.25, 659.25, 783.99]);
const NOTE_S = 0.45;
const STARTING_MS = 2000;

/** Play them; resolves when they are over. Rejects where the speaker can't be used. */
export async function play(speaker) {
  const context = new AudioContext();
  const outlet = context.createMediaStreamDestination();
  const player = new Audio();
  player.srcObject = outlet.stream;
  try {
    if (speaker && player.setSinkId) await player.setSinkId(speaker);
    await started(context);
    NOTES.forEach((pitch, at) => note(context, outlet, pitch, context.currentTime + 0.1 + at * NOTE_S));
    await player.play();
    await new Promise((resolve) => setTimeout(resolve, (NOTES.length * NOTE_S + 0.6) * 1000));
  } finally {
    player.srcObject = null;
    await context.close();
  }
}

// A browser without a sound device may never answer.
function started(context) {
  const never = new Promise((_, reject) => setTimeout(reject, STARTING_MS, new Error("no sound device")));
  return Promise.race([context.resume(), never]);
}

function note(context, outlet, pitch, from) {
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(0.25, from + 0.04);
  volume.gain.exponentialRampToValueAtTime(0.001, from + NOTE_S + 0.3);
  tone.connect(volume).connect(outlet);
  tone.start(from);
  tone.stop(from + NOTE_S + 0.35);
}

/** Whether this browser lets a page choose where sound comes out. */
export function canChoose() {
  return "setSinkId" in HTMLMediaElement.prototype;
}
