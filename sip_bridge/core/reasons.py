"""Status codes and causes: their phrases, and the one table from them to reasons a person understands."""

from __future__ import annotations

from collections.abc import Iterable

from sip_bridge.core.headers import Reason

PHRASES: dict[int, str] = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    199: "Early Dialog Terminated",
    200: "OK",
    202: "Accepted",
    204: "No Notification",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    305: "Use Proxy",
    380: "Alternative Service",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    412: "Conditional Request Failed",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    417: "Unknown Resource-Priority",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    424: "Bad Location Information",
    428: "Use Identity Header",
    429: "Provide Referrer Identity",
    430: "Flow Failed",
    433: "Anonymity Disallowed",
    436: "Bad Identity Info",
    437: "Unsupported Credential",
    438: "Invalid Identity Header",
    439: "First Hop Lacks Outbound Support",
    440: "Max-Breadth Exceeded",
    469: "Bad Info Package",
    470: "Consent Needed",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    493: "Undecipherable",
    494: "Security Agreement Required",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    580: "Precondition Failure",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
    607: "Unwanted",
    608: "Rejected",
}

_CLASS_PHRASES = {
    1: "Progress",
    2: "OK",
    3: "Redirection",
    4: "Request Failure",
    5: "Server Failure",
    6: "Global Failure",
}


def phrase(status: int) -> str:
    """The reason phrase of a status code; an unknown one gets its class's."""
    return PHRASES.get(status) or _CLASS_PHRASES.get(status // 100, "")


# The values of softphone.domain.call.EndReason; this package must not import it, a test compares them.
BUSY = "busy"
DECLINED = "declined"
NO_ANSWER = "no-answer"
CANCELLED = "cancelled"
ANSWERED_ELSEWHERE = "answered-elsewhere"
NOT_FOUND = "not-found"
UNREACHABLE = "unreachable"
NOT_ALLOWED = "not-allowed"
NO_COMMON_CODEC = "no-common-codec"
NETWORK_LOST = "network-lost"
SERVER_ERROR = "server-error"
HUNG_UP = "hung-up"
REMOTE_HUNG_UP = "remote-hung-up"
ENCRYPTION_REQUIRED = "encryption-required"
TRANSFERRED = "transferred"
FAILED = "failed"

STATUS_REASONS: dict[int, str] = {
    401: NOT_ALLOWED,
    402: NOT_ALLOWED,
    403: NOT_ALLOWED,
    404: NOT_FOUND,
    405: NOT_ALLOWED,
    406: NO_COMMON_CODEC,
    407: NOT_ALLOWED,
    408: NO_ANSWER,
    410: NOT_FOUND,
    413: FAILED,
    415: NO_COMMON_CODEC,
    416: NOT_FOUND,
    420: FAILED,
    423: FAILED,
    430: NETWORK_LOST,
    433: DECLINED,
    480: UNREACHABLE,
    481: FAILED,
    482: UNREACHABLE,
    483: UNREACHABLE,
    484: NOT_FOUND,
    485: NOT_FOUND,
    486: BUSY,
    487: CANCELLED,
    488: NO_COMMON_CODEC,
    493: NO_COMMON_CODEC,
    494: NOT_ALLOWED,
    504: UNREACHABLE,
    580: UNREACHABLE,
    600: BUSY,
    603: DECLINED,
    604: NOT_FOUND,
    606: NO_COMMON_CODEC,
    607: DECLINED,
    608: DECLINED,
}
"""A final response to our INVITE; other 3xx, 4xx and 6xx are FAILED, other 5xx SERVER_ERROR."""

CAUSE_REASONS: dict[int, str] = {
    1: NOT_FOUND,  # unallocated number
    2: UNREACHABLE,  # no route to the transit network
    3: UNREACHABLE,  # no route to the destination
    16: REMOTE_HUNG_UP,  # normal clearing
    17: BUSY,
    18: NO_ANSWER,  # no user responding
    19: NO_ANSWER,  # user alerted
    20: UNREACHABLE,  # subscriber absent
    21: DECLINED,
    22: NOT_FOUND,  # number changed
    23: UNREACHABLE,  # redirection to a new destination
    25: UNREACHABLE,  # exchange routing error
    26: ANSWERED_ELSEWHERE,  # non-selected user clearing
    27: UNREACHABLE,  # destination out of order
    28: NOT_FOUND,  # invalid number format
    29: NOT_ALLOWED,  # facility rejected
    31: REMOTE_HUNG_UP,  # normal, unspecified
    34: SERVER_ERROR,  # no circuit
    38: SERVER_ERROR,  # network out of order
    41: SERVER_ERROR,  # temporary failure
    42: SERVER_ERROR,  # switching equipment congestion
    44: SERVER_ERROR,  # requested circuit not available
    47: SERVER_ERROR,  # resource unavailable
    50: NOT_ALLOWED,  # facility not subscribed
    55: NOT_ALLOWED,  # incoming calls barred within the group
    57: NOT_ALLOWED,  # bearer capability not authorised
    58: NO_COMMON_CODEC,  # bearer capability not available now
    63: SERVER_ERROR,  # service or option not available
    65: NO_COMMON_CODEC,  # bearer capability not implemented
    79: SERVER_ERROR,  # service or option not implemented
    87: NOT_ALLOWED,  # not a member of the group
    88: NO_COMMON_CODEC,  # incompatible destination
    102: NO_ANSWER,  # recovery on timer expiry
    111: SERVER_ERROR,  # protocol error
    127: SERVER_ERROR,  # interworking
}
"""ITU-T Q.850 causes, told by gateways in a Reason header."""

_WORDS_SAY_LITTLE = frozenset((FAILED, SERVER_ERROR, UNREACHABLE))
_HANG_UPS = frozenset((REMOTE_HUNG_UP,))


def reason_for_status(status: int) -> str:
    """The reason key of a final response that was no success."""
    return STATUS_REASONS.get(status) or (SERVER_ERROR if 500 <= status < 600 else FAILED)


def _reason_of(reason: Reason) -> str | None:
    """What one Reason header value says, None where it says nothing we know."""
    protocol = reason.protocol.upper()
    if reason.cause is None:
        return None
    if protocol == "Q.850":
        return CAUSE_REASONS.get(reason.cause)
    if protocol == "SIP" and reason.cause == 200:
        # RFC 3326 section 2: a CANCEL that follows another branch's 200.
        return ANSWERED_ELSEWHERE
    return STATUS_REASONS.get(reason.cause) if protocol == "SIP" else None


def reason_for_refusal(status: int, reasons: Iterable[Reason] = ()) -> str:
    """Why our call failed: the status, unless it says little and a Reason header says more."""
    key = reason_for_status(status)
    if key in _WORDS_SAY_LITTLE:
        for said in map(_reason_of, reasons):
            if said is not None and said not in _HANG_UPS:
                return said
    return key


def reason_for_bye(reasons: Iterable[Reason] = ()) -> str:
    """Why the other side ended a running call: it hung up, unless a Reason header names a fault."""
    for said in map(_reason_of, reasons):
        if said is not None:
            return said
    return REMOTE_HUNG_UP


def reason_for_cancel(reasons: Iterable[Reason] = ()) -> str:
    """Why an incoming call stopped ringing: cancelled, answered elsewhere or declined elsewhere."""
    for said in map(_reason_of, reasons):
        if said in (ANSWERED_ELSEWHERE, DECLINED, BUSY):
            return said
    return CANCELLED
