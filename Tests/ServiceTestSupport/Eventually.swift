import Testing

/// The first thing that `body` finds; asked again until it does.
package func eventually<R>(_ what: String, _ body: () async throws -> R?) async throws -> R {
    let end = ContinuousClock.now + .seconds(300)
    while ContinuousClock.now < end {
        if let found = try await body() { return found }
        try await Task.sleep(for: .milliseconds(2))
    }
    Issue.record("nothing came of it: \(what)")
    throw CancellationError()
}
