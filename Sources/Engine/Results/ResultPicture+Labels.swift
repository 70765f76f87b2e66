import Catalogue
import Images
import JSON
import Platform
import Plots

// Classes of patches.
extension ResultPicture {
    /// A row for each image, with the fields side by side that the figure names, in VOC's colours, over the images where
    /// they are there.
    func labels(_ figure: ResultFigure, _ array: NamedArray) throws(ServiceError) -> [UInt8] {
        let names = figure.series.map { result.names($0) } ?? [figure.values]
        let panels = names.compactMap { result.anyArray($0) }.filter { $0.shape == array.shape }
        guard array.shape.count == 3, panels.count == names.count else {
            throw .internalFault("the result \(result.id) has no labels")
        }
        try Self.checkMaps(saturatingProduct(array.shape[0], panels.count))
        let size = result.scene.transform.map { ($0.width, $0.height) } ?? (Self.side, Self.side)
        let factor = max(1, Self.side / 2 / size.0)
        // Which of the answer's images they are.
        let images = result.names("shown_images").compactMap { Int($0) }
        let levels = panels.map(\.doubles), count = array.shape[1] * array.shape[2]
        let cells = (0..<array.shape[0]).map { place in
            levels.map { numbers in
                let own = Array(numbers[place * count..<(place + 1) * count])
                var map = Self.raster(own, rows: array.shape[1], cols: array.shape[2], width: size.0, height: size.1)
                let image = images.indices.contains(place) ? images[place] : -1
                if views.indices.contains(image), views[image].width == size.0, views[image].height == size.1 {
                    map = map.blended(over: Raster(views[image]), opacity: 0.6)
                }
                return map.enlarged(factor)
            }
        }
        let refs = images.compactMap { image in
            result.scene.sources.indices.contains(image) ? result.scene.sources[image].ref.shortened(to: 20) : nil
        }
        return MapGrid(
            cells, rowNames: refs.count == cells.count && cells.count > 1 ? refs : [], columnNames: names,
            title: "\(figure.title): \(title)"
        ).png()
    }

    private static func raster(_ labels: [Double], rows: Int, cols: Int, width: Int, height: Int) -> Raster {
        let colors = labels.map { $0.isFinite ? color(of: Int(exactly: $0) ?? 0) : Color.missing }
        var rgb: [UInt8] = []
        rgb.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let color = colors[y * rows / height * cols + x * cols / width]
                rgb += [color.red, color.green, color.blue]
            }
        }
        return Raster(width: width, height: height, rgb: rgb)
    }

    /// VOC's colour map: the bits of a label, three at a time, from the highest bit of each channel down.
    static func color(of label: Int) -> Color {
        var rest = label & 255, channels: [UInt8] = [0, 0, 0]
        for bit in stride(from: UInt8(7), through: 0, by: -1) {
            for channel in 0..<3 where rest >> channel & 1 == 1 { channels[channel] |= 1 << bit }
            rest >>= 3
        }
        return Color(red: channels[0], green: channels[1], blue: channels[2])
    }
}
