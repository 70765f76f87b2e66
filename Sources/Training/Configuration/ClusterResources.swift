import JSON
import Platform
import Jobs

/// What a job asks of a cluster's scheduler. Every word of it comes from outside and becomes an argument of sbatch(1), so
/// names stand in a list of ours, and values are of few characters.
package struct ClusterResources: Sendable, Equatable {
    package var partition: String?
    package var account: String?
    /// How long one start may take, seconds; nil for the partition's own limit.
    package var seconds: Int?
    /// Nodes that the ranks lie on.
    package var nodes = 1
    /// In the order of the job's body.
    package var options: [Option] = []

    package struct Option: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// Options of sbatch(1) that say where and under which rule a job runs, and nothing of what is run, as whom, or where
    /// files go.
    package static let optionNames = [
        "begin", "cluster-constraint", "constraint", "cores-per-socket", "deadline", "exclude", "extra-node-info",
        "gres",
        "licenses", "mem", "mem-per-cpu", "mincpus", "nice", "nodelist", "priority", "qos", "reservation",
        "sockets-per-node",
        "switches", "threads-per-core", "tmp", "wckey",
    ]

    /// Reads what belongs to the executor from the object `resources`; nil for a job of this machine.
    ///
    /// - Parameter ranks: processes that train together.
    static func read(_ resources: JSONReader, ranks: Int) -> ClusterResources? {
        let executor = resources.optionalChoice(JobSetting.Resource.executor, ExecutorName.self) ?? .local
        var cluster = ClusterResources()
        cluster.partition = word(resources, JobSetting.Resource.partition)
        cluster.account = word(resources, JobSetting.Resource.account)
        cluster.nodes = resources.optionalInt(JobSetting.Resource.nodes) ?? 1
        if cluster.nodes > ranks {
            resources.fault(
                JobSetting.Resource.nodes, "\(cluster.nodes) nodes need as many ranks at least, and there are \(ranks)."
            )
        }
        if let text = resources.optionalText(JobSetting.Resource.timeLimit) {
            cluster.seconds = seconds(text)
            if cluster.seconds == nil {
                resources.fault(
                    JobSetting.Resource.timeLimit,
                    "time_limit is minutes, HOURS:MINUTES:SECONDS or DAYS-HOURS:MINUTES:SECONDS, from a minute to a year."
                )
            }
        }
        for (name, text) in resources.texts(JobSetting.Resource.options) {
            guard optionNames.contains(name) else {
                let near = NearestNames.of(name, among: optionNames, count: 1).first
                resources.fault(
                    JobSetting.Resource.options,
                    "options may hold \(optionNames.joined(separator: ", "))."
                        + (near.map { " Did you mean “\($0)”?" } ?? ""))
                continue
            }
            guard isPlain(text) else {
                resources.fault(
                    JobSetting.Resource.options, "The option \(name) has letters, digits and ._:,+=@&|*[]()- alone.")
                continue
            }
            cluster.options.append(Option(name: name, value: text))
        }
        if executor == .local {
            for setting in [
                JobSetting.Resource.partition, JobSetting.Resource.account, JobSetting.Resource.nodes,
                JobSetting.Resource.timeLimit, JobSetting.Resource.options,
            ] where resources.has(setting) {
                resources.fault(setting, "\(setting.name) is of the executor slurm.")
            }
            return nil
        }
        return cluster
    }

    private static func word(_ resources: JSONReader, _ setting: JobSetting) -> String? {
        guard let text = resources.optionalText(setting) else { return nil }
        guard isPlain(text) else {
            resources.fault(
                setting,
                "\(setting.name) has letters, digits and ._:,+=@&|*[]()- alone, and begins with a letter, a digit or [."
            )
            return nil
        }
        return text
    }

    /// Whether a text is one that no program reads as anything but a value.
    static func isPlain(_ text: String) -> Bool {
        let marks = Array("._:,+=@&|*[]()-".utf8)
        func isLetter(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        // A list of choices begins with a bracket.
        guard let first = text.utf8.first, isLetter(first) || first == UInt8(ascii: "["), text.utf8.count <= 128 else {
            return false
        }
        return text.utf8.allSatisfy { isLetter($0) || marks.contains($0) }
    }

    /// A time as sbatch(1) writes it; nil for another text, and for less than a minute or more than a year.
    package static func seconds(_ text: String) -> Int? {
        let halves = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let fields = halves[halves.count - 1].split(separator: ":", omittingEmptySubsequences: false).map(number)
        guard let days = halves.count == 2 ? number(halves[0]) : 0, fields.count <= 3 else { return nil }
        let numbers = fields.compactMap(\.self)
        guard numbers.count == fields.count else { return nil }
        // With days the first field is hours; without them one field is minutes, and two are minutes and seconds.
        let units = halves.count == 2 ? [3600, 60, 1] : fields.count == 3 ? [3600, 60, 1] : [60, 1]
        let total = zip(numbers, units).reduce(days * 86_400) { $0 + $1.0 * $1.1 }
        return (60...31_536_000).contains(total) ? total : nil
    }

    /// Of few digits, so that no sum of them is too large.
    private static func number(_ text: some StringProtocol) -> Int? {
        guard (1...6).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}
