// How loud a microphone is, and whether a picture is black.

const FLOOR_DB = -60;
const SILENT_DB = -55;
const SILENT_MS = 6000;
const BLACK = 6;

/** Measures one microphone; `read()` is to be called about ten times a second. */
export class Level {
  constructor(track) {
    this._context = new AudioContext();
    this._source = this._context.createMediaStreamSource(new MediaStream([track]));
    this._analyser = this._context.createAnalyser();
    this._analyser.fftSize = 2048;
    this._source.connect(this._analyser);
    this._samples = new Float32Array(this._analyser.fftSize);
    this._heardAt = performance.now();
    // Some browsers let a page hear only after a press.
    this._context.resume().catch(() => {});
  }

  /** `{share: 0…1, heard: boolean, silent: boolean}`; silent once nothing came for a while. */
  read(now = performance.now()) {
    this._analyser.getFloatTimeDomainData(this._samples);
    const power = this._samples.reduce((sum, sample) => sum + sample * sample, 0) / this._samples.length;
    const decibels = 10 * Math.log10(power + 1e-12);
    const running = this._context.state === "running";
    if (decibels > SILENT_DB || !running) this._heardAt = now;
    return {
      share: Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB)),
      heard: decibels > SILENT_DB,
      silent: running && now - this._heardAt > SILENT_MS,
    };
  }

  close() {
    this._source.disconnect();
    this._context.close().catch(() => {});
  }
}

/** Whether a playing picture is black: a cover on the lens, as a rule. */
export function isBlack(video, canvas = document.createElement("canvas")) {
  if (video.readyState < 2) return false;
  canvas.width = 32;
  canvas.height = 18;
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  drawing.drawImage(video, 0, 0, 32, 18);
  const { data } = drawing.getImageData(0, 0, 32, 18);
  return !data.some((value, at) => at % 4 !== 3 && value > BLACK);
}
