import Platform

/// Asks the scheduler about all jobs at once, now and then, and never has anybody wait for the answer.
///
/// An actor because what was answered last is shared mutable state.
actor SlurmQueue {
    private let commands: SlurmCommands
    private let interval: Duration
    private var answers: SlurmAnswers?
    private var askedAt: ContinuousClock.Instant?
    private var isAsking = false
    /// Of jobs that the scheduler has forgotten; an empty state for those that the accounting does not know either.
    private var endings: [String: String] = [:]

    init(_ commands: SlurmCommands, interval: Duration) {
        self.commands = commands
        self.interval = interval
    }

    /// What was answered last; asks again in the background where that is old.
    func latest() -> SlurmAnswers? {
        let now = ContinuousClock.now
        if !isAsking, askedAt.map({ now - $0 > interval }) ?? true {
            isAsking = true
            askedAt = now
            Task { await self.ask() }
        }
        return answers
    }

    /// A new answer, waited for; nil where there is none.
    func answer() async -> SlurmAnswers? {
        let start = ContinuousClock.now
        guard let answer = await commands.run("squeue", SlurmAnswers.arguments), answer.succeeded else { return nil }
        let found = SlurmAnswers(answer.output, askedAt: start)
        answers = found
        return found
    }

    private func ask() async {
        _ = await answer()
        isAsking = false
    }

    /// How a job ended that the scheduler has forgotten, as the accounting has it; empty where there is none, nil where
    /// that is not known yet.
    func ending(of number: String) -> String? {
        if let known = endings[number] { return known }
        guard !isAsking else { return nil }
        isAsking = true
        Task { await self.askAccounting(number) }
        return nil
    }

    private func askAccounting(_ number: String) async {
        let answer = await commands.run(
            "sacct", ["--noheader", "--parsable2", "--allocations", "--format=State", "--jobs=\(number)"])
        let line = answer?.succeeded == true ? answer?.output.split(separator: "\n").first : nil
        // “CANCELLED by 1000” is one state.
        endings[number] = line?.split(separator: " ").first.map(String.init) ?? ""
        isAsking = false
    }

    func forget(_ number: String) { endings[number] = nil }
}
