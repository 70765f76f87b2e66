import Catalogue
import Images
import JSON
import Plots
import Tensors

// Patches that are colours.
extension ResultPicture {
    func colours(_ figure: ResultFigure, _ array: NamedArray) throws(ServiceError) -> [UInt8] {
        let shape = array.shape, numbers = array.doubles
        guard shape.count > 3, shape[shape.count - 1] == 3 else {
            throw .internalFault("the result \(result.id) has no colours")
        }
        let (rows, cols) = (shape[shape.count - 3], shape[shape.count - 2]), each = rows * cols * 3
        let count = numbers.count / max(each, 1)
        try Self.checkMaps(count)
        let size = result.scene.transform.map { ($0.width, $0.height) } ?? (Self.side, Self.side)
        let perImage = max(count / max(shape[0], 1), 1)
        return drawn(figure, array, count: count, perImage: perImage, columns: 1) { index in
            overlaid(
                Raster(
                    colours: Array(numbers[index * each..<(index + 1) * each]), rows: rows, cols: cols, width: size.0,
                    height: size.1), image: index / perImage)
        }
    }
}
