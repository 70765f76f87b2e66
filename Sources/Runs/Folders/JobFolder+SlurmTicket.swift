extension JobFolder {
    /// Under which name and number a scheduler knows a start of the job: `slurm.json`. The name is written before the
    /// scheduler is asked, so that whoever comes later finds what it took.
    package struct SlurmTicket: Sendable, Equatable, Codable {
        package let attempt: Int
        /// Of this start alone.
        package let name: String
        /// The scheduler's; nil until it has said one.
        package var number: String?

        package init(attempt: Int, name: String, number: String? = nil) {
            self.attempt = attempt
            self.name = name
            self.number = number
        }
    }
}
