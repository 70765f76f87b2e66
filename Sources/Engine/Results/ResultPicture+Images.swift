import Catalogue
import JSON
import Platform
import Plots

// Images that an answer made.
extension ResultPicture {
    /// A row for each image, with the fields side by side that the figure names.
    func images(_ figure: ResultFigure, _ array: NamedArray) throws(ServiceError) -> [UInt8] {
        let names = figure.series.map { result.names($0) } ?? [figure.values]
        let panels = names.compactMap { result.anyArray($0) }.filter { $0.shape == array.shape }
        guard array.shape.count == 4, array.shape[3] == 3, panels.count == names.count else {
            throw .internalFault("the result \(result.id) has no images")
        }
        let (height, width) = (array.shape[1], array.shape[2])
        try Self.checkMaps(saturatingProduct(array.shape[0], panels.count))
        // Small images are enlarged, so that their pixels can be seen.
        let factor = max(1, Self.side / 2 / max(width, 1))
        let levels = panels.map(\.doubles), count = height * width * 3
        let cells = (0..<array.shape[0]).map { image in
            levels.map { numbers in
                let pixels = numbers[image * count..<(image + 1) * count].map {
                    // What is no number is grey, as in maps.
                    UInt8(rounding: $0 * 255, .toNearestOrEven, into: 0...255) ?? Color.missing.red
                }
                return Raster(width: width, height: height, rgb: pixels).enlarged(factor)
            }
        }
        let refs = result.scene.sources.map { $0.ref.shortened(to: 20) }
        return MapGrid(
            cells, rowNames: refs.count == cells.count && cells.count > 1 ? refs : [], columnNames: names,
            title: "\(figure.title): \(title)"
        ).png()
    }
}
