package import Jobs

extension JobFolder {
    /// What the server wants of a worker: `control.json`.
    package struct Control: Sendable, Equatable, Codable {
        /// The attempt that is wanted; a worker of another one is late and leaves.
        package let attempt: Int
        package let wish: WorkerWish?

        package init(attempt: Int, wish: WorkerWish?) {
            self.attempt = attempt
            self.wish = wish
        }
    }
}
