// What sending and receiving connections share: everything is gathered before the SDP is given (no trickle).

const GATHERING_MS = 2000;

export function connection() {
  return new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
}

/** Set our side and wait for its candidates; resolves with the whole SDP. */
export async function describe(peer, description) {
  await peer.setLocalDescription(description);
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
