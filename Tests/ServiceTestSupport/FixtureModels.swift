import Catalogue
import Foundation
import Models
import Platform
import Service

extension TestService {
    /// Adds the dataset “formula” and registers a fixture's checkpoint under a name, with images as the scripts prepare
    /// them: their own size, from −1 to 1.
    package func addFixtureModel(_ name: String, _ path: String, heads: Int, height: Int, width: Int) async throws {
        try addFormulaImages(6, height: height, width: width)
        let file = String(path.split(separator: "/").last ?? "")
        try FileManager.default.copyItem(atPath: path, toPath: "\(folder)/models/\(file)")
        let half = [0.5, 0.5, 0.5]
        _ = try await service.register(
            ModelRegistration(
                name: name, path: file, numHeads: heads, imgSize: ImageSize(height: height, width: width),
                preprocess: LoadOptions(cropPct: 1, mean: half, std: half)), waiting: 60)
    }
}
