import Images
import Platform

extension AnalysisEngine {
    /// A result in a form, made off the path of requests.
    package func encode(_ result: AnalysisResult, as format: ResultFormat, options: EncodingOptions) async throws
        -> EncodedResult
    {
        try await encodingThread.run { [self] in
            guard format == .png else { return try ResultEncoder.encode(result, as: format, options: options) }
            let png = try draw(result, figure: options.figure, overlay: options.overlay)
            return EncodedResult(png: png)
        }
    }

    /// A figure of a result as PNG.
    ///
    /// - Parameters:
    ///   - figure: the `values` of the one that is wanted; nil for the first.
    ///   - overlay: whether the images are drawn below maps.
    package func draw(_ result: AnalysisResult, figure: String?, overlay: Bool) throws -> [UInt8] {
        var views: [Image] = []
        if overlay, let transform = result.scene.transform {
            views = try result.scene.sources.map { try view(of: $0, transform, keeping: true) }
        }
        try result.check(figure: figure)
        return try ResultPicture(result: result, views: views).png(figure: figure)
    }
}
