"""Media of a call: RTP, RTCP, SRTP, ICE, DTMF, and the bridge to aiortc tracks."""
