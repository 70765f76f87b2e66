import Platform

/// What the service lets go of by itself; nothing, unless something is said.
public struct Retention: Sendable, Equatable {
    /// Kept results that nobody has read for so long go, seconds.
    public var resultSeconds: Int?
    /// Of a training at its end so many checkpoints stay, the newest.
    public var checkpoints: Int?
    /// Whether it is only told what would go.
    public var isDry = false
    /// Between two rounds.
    public var interval = Duration.seconds(3600)

    public init() {}

    /// A time such as `30d`, `12h` or `2w`, in seconds; nil for another text, and beyond a hundred years.
    public static func seconds(_ text: String) -> Int? {
        let units = ["h": 3600, "d": 86_400, "w": 604_800]
        guard let unit = text.last.flatMap({ units[String($0)] }), (2...6).contains(text.utf8.count),
            let count = Int(text.dropLast()), count > 0, text.utf8.dropLast().allSatisfy({ (48...57).contains($0) })
        else { return nil }
        let (total, isTooMuch) = count.multipliedReportingOverflow(by: unit)
        return isTooMuch || total > 3_155_760_000 ? nil : total
    }
}

/// What a round has let go of, or would let go of.
public struct RetentionReport: Sendable, Equatable {
    public var results = 0
    public var checkpoints = 0
    public var checkpointBytes = 0

    public init() {}
}
