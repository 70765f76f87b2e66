import Images
import Platform

extension AnalysisEngine {
    /// A result in a form, made off the path of requests.
    package func encode(_ result: AnalysisResult, as format: ResultFormat, options: EncodingOptions) async throws
        -> EncodedResult
    {
        try await encodingThread.run { [self] in
            guard format == .png else { return try ResultEncoder.encode(result, as: format, options: options) }
            var views: [Image] = []
            if options.overlay, let transform = result.scene.transform {
                views = try result.scene.sources.map { try view(of: $0, transform, keeping: true) }
            }
            try result.check(figure: options.figure)
            let png = try ResultPicture(result: result, views: views).png(figure: options.figure)
            return EncodedResult(bytes: png, mediaType: format.mediaType, tensor: nil)
        }
    }
}
