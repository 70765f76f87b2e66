package import Jobs

extension JobFolder {
    /// Who a worker is, that it lives, and how it ended: `state.json`.
    package struct WorkerState: Sendable, Equatable {
        package let identifier: Int
        package let startTicks: Int
        package let attempt: Int
        /// Grows every two seconds.
        package var beat: Int
        /// Written last, when everything else is on the disk.
        package var outcome: WorkerLook.Outcome?

        package init(
            identifier: Int, startTicks: Int, attempt: Int, beat: Int, outcome: WorkerLook.Outcome?
        ) {
            self.identifier = identifier
            self.startTicks = startTicks
            self.attempt = attempt
            self.beat = beat
            self.outcome = outcome
        }
    }
}

extension JobFolder.WorkerState: Codable {
    private enum CodingKeys: String, CodingKey {
        case identifier = "pid"
        case startTicks = "started"
        case attempt, beat, outcome
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            identifier: try container.decode(Int.self, forKey: .identifier),
            startTicks: try container.decode(Int.self, forKey: .startTicks),
            attempt: try container.decode(Int.self, forKey: .attempt),
            beat: try container.decodeIfPresent(Int.self, forKey: .beat) ?? 0,
            outcome: try container.decodeIfPresent(WorkerLook.Outcome.self, forKey: .outcome))
    }
}
