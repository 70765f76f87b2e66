/// Why the guard does not let a request pass. The application still answers it, in its turn and in its own words, so
/// that a refusal looks, counts and is logged like every other answer.
package enum Refusal: String, Sendable, CaseIterable {
    case malformed, headTooLarge, targetTooLong, targetMalformed
    case transferEncoding, framing
    case hostMissing, hostMalformed, hostUnknown
    case bodyTooLarge
}

extension Refusal {
    /// Carries the refusal from the guard to the application. The guard removes it from what clients send.
    package static let fieldName = "X-ViTScope-Refusal"
}

/// What ends a request while its body arrives. The body's reader gets it as an error.
package enum BodyFailure: Error, Equatable {
    /// More bytes than this route takes.
    case tooLarge
    /// Slower than the lowest rate.
    case tooSlow
    /// Not framed as the head said, or torn off.
    case malformed
}
