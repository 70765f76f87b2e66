/// How much the service takes and gives at the most.
public struct ServiceLimits: Sendable {
    /// One uploaded checkpoint, bytes.
    public var uploadBytes = 8 << 30
    /// One uploaded image, bytes.
    public var imageBytes = 32 << 20
    /// Memory of the analyses that run at one time, bytes: what one request may cost, and all of them together.
    public var computeBytes = 4 << 30
    /// Analyses that wait for their turn; one more is refused.
    public var queueLength = 64
    /// Memory of kept attention maps and hidden states, bytes.
    public var activationCacheBytes = 512 << 20
    /// Memory of kept results, bytes.
    public var resultCacheBytes = 64 << 20
    /// Memory of large answers that clients have not taken yet, bytes.
    public var answerBytes = 1 << 30
    /// Memory of loaded models, bytes.
    public var modelBytes = 16 << 30
    /// Images named one by one in a request.
    public var imagesPerRequest = 4096
    /// Images in a probe set.
    public var probeSetImages = 50_000
    /// Items on a page at the most, and when no size is asked for.
    public var pageSize = 1000
    public var defaultPageSize = 100

    public init() {}
}
