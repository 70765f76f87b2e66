public import Catalogue

extension PreparedAnalysis {
    /// Whether the answer will go into `format`, which its shape tells before anything is computed.
    ///
    /// - Throws: `tooLarge` or `invalid`, as `encode` would afterwards.
    public func check(_ format: ResultFormat) throws(ServiceError) {
        guard let size = task.mapSize else { return }
        switch format {
        case .json, .csv: try ResultEncoder.checkText(saturatingProduct(images.sources.count, size.numbers))
        case .png: try ResultPicture.checkMaps(saturatingProduct(images.sources.count, size.maps))
        case .npy, .npz: break
        }
    }
}
