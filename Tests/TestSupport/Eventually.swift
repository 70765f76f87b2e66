public import Testing

/// The first thing that `body` finds; asked again until it does, five minutes at the most, because a machine may be busy.
///
/// For what another process or thread does in its own time; everything else is awaited.
public func eventually<R>(
    _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> R?
) async throws -> R {
    let end = ContinuousClock.now + .seconds(300)
    while ContinuousClock.now < end {
        if let found = try await body() { return found }
        try await Task.sleep(for: .milliseconds(2))
    }
    Issue.record("nothing came of it: \(what)", sourceLocation: sourceLocation)
    throw CancellationError()
}
