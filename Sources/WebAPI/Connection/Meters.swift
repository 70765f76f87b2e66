import NIOCore

/// Measures one body: how much has come, and how long its reader has waited for it.
struct BodyMeter {
    let limit: Int
    private(set) var received = 0
    private var waited = TimeAmount.zero
    private var waitingSince: NIODeadline?

    init(limit: Int) { self.limit = limit }

    /// Only time in which somebody waits counts: a client is not to blame for our own back-pressure.
    mutating func startWaiting(at now: NIODeadline) {
        if waitingSince == nil { waitingSince = now }
    }

    mutating func count(_ bytes: Int, at now: NIODeadline) {
        received += bytes
        waited = waited(at: now)
        waitingSince = nil
    }

    func isTooSlow(at now: NIODeadline, limits: ConnectionLimits) -> Bool {
        waited(at: now) > limits.allowedWait(received: received)
    }

    private func waited(at now: NIODeadline) -> TimeAmount {
        guard let waitingSince else { return waited }
        return waited + (now - waitingSince)
    }
}

/// Measures answers: whether something is unsent, and since when nothing has moved.
struct WriteMeter {
    private var unfinished = 0
    private var lastProgress = NIODeadline.uptimeNanoseconds(0)

    var isBusy: Bool { unfinished > 0 }

    mutating func begin(at now: NIODeadline) {
        if unfinished == 0 { lastProgress = now }
        unfinished += 1
    }

    mutating func end(at now: NIODeadline) {
        unfinished -= 1
        lastProgress = now
    }

    func isStalled(at now: NIODeadline, after pause: TimeAmount) -> Bool {
        isBusy && now - lastProgress > pause
    }
}
