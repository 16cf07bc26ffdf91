// What sending and receiving connections share: everything is gathered before the SDP is given (no trickle).

const GATHERING_MS = 2000;

export function connection() {
  return new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
}

/** Whether this browser makes connections at all: a policy, or an iPhone's Lockdown Mode, may forbid it. */
export function possible() {
  try {
    connection().close();
    return true;
  } catch {
    return false;
  }
}

/** How a connection stands that both sides have described; "" before that. */
export function standing(peer) {
  return peer.remoteDescription ? peer.connectionState : "";
}

/** The description saying that lost sound is asked for and sent again, which browsers can do and do not offer. */
export function withRepeats(sdp) {
  return sdp.replace(/^a=rtpmap:(\d+) opus\/48000\/2\r\n/gim, (line, type) =>
    new RegExp(`^a=rtcp-fb:${type} nack\\r$`, "m").test(sdp) ? line : `${line}a=rtcp-fb:${type} nack\r\n`,
  );
}

/** Set our side and wait for its candidates; resolves with the whole SDP. */
export async function describe(peer, { type, sdp }) {
  const plain = () => peer.setLocalDescription({ type, sdp });
  await peer.setLocalDescription({ type, sdp: withRepeats(sdp) }).catch(plain);
  if (peer.iceGatheringState !== "complete") await gathered(peer);
  return peer.localDescription.sdp;
}

// A machine with a dead interface may gather for long: what is there by then is enough.
function gathered(peer) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHERING_MS);
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState === "complete") {
        clearTimeout(timer);
        resolve();
      }
    });
  });
}
