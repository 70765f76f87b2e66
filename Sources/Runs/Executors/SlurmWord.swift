/// What the scheduler says of a job (squeue(1), “Job state codes”).
struct SlurmWord: Sendable, Equatable {
    let state: String
    let reason: String

    enum Fate {
        /// It will run, or run again, without our doing.
        case waits
        case runs
        case over
    }

    var fate: Fate {
        switch state {
        case "RUNNING", "COMPLETING", "SIGNALING", "RESIZING", "STAGE_OUT": .runs
        case "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
            "REVOKED", "TIMEOUT":
            .over
        default: .waits
        }
    }

    /// Whether it waits for an administrator, because it could not be started.
    var isStuck: Bool {
        fate == .waits && (state == "SPECIAL_EXIT" || reason.lowercased().contains("launch") && reason.contains("held"))
    }

    var sentence: String {
        reason.isEmpty || reason == "None" || fate != .waits ? state : "\(state) (\(reason))"
    }
}

/// What the scheduler has said of all our jobs at one moment.
struct SlurmAnswers: Sendable {
    /// Before the question: what was submitted later may be missing.
    let askedAt: ContinuousClock.Instant
    /// By number.
    var words: [String: SlurmWord] = [:]
    /// Numbers by the name that we gave.
    var numbers: [String: String] = [:]

    /// Reads lines of `NUMBER|STATE|NAME|REASON`.
    init(_ text: String, askedAt: ContinuousClock.Instant) {
        self.askedAt = askedAt
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 4 else { continue }
            words[fields[0]] = SlurmWord(state: fields[1], reason: fields[3])
            numbers[fields[2]] = fields[0]
        }
    }

    /// As squeue(1) is asked for such lines.
    static let arguments = ["--me", "--noheader", "--states=all", "--format=%A|%T|%j|%r"]
}
