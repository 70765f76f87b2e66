import JSON
import Tensors

/// The first figure of a result as a tidy table: a row a number, a column for each thing that tells the rows apart, and
/// beside the figure's numbers every other array of their extents.
struct CSVTable {
    private(set) var bytes: [UInt8] = []

    /// - Parameter figure: the `values` of the figure that is wanted; nil for the first.
    init(_ result: AnalysisResult, figure wanted: String? = nil) {
        let figure = result.figures.first { wanted == nil || $0.values == wanted }
        let arrays = result.allArrays
        guard let main = arrays.first(where: { $0.name == (figure?.values ?? result.mainField) })?.array else { return }
        let columns = arrays.filter { $0.array.shape == main.shape && $0.array.axes == main.axes }
        let axes = Self.axes(of: main, result, figure)
        line(axes.map(\.name) + columns.map(\.name))
        var indices = [Int](repeating: 0, count: main.shape.count)
        let numbers = columns.map(\.array.numbers)
        for position in 0..<Tensor.count(of: main.shape) {
            line(zip(axes, indices).map { $0.places[$1] } + numbers.map { $0.text(at: position) })
            Self.advance(&indices, in: main.shape)
        }
    }

    /// The name of each extent, and what its places are called: as the figure says, or else by the field that is called
    /// after the axis (`layers` for `layer`, `layers_a` for `layer_a`), or else by their indices.
    private static func axes(
        of array: NamedArray, _ result: AnalysisResult, _ figure: ResultFigure?
    ) -> [(name: String, places: [String])] {
        let isPictorial = figure?.form.isPictorial == true
        return zip(array.axes, array.shape).enumerated().map { index, axis in
            let (name, extent) = axis
            let isLast = index == array.axes.count - 1
            if !isPictorial, let x = isLast ? figure?.x : nil {
                let numbers = result.doubles(x)
                if numbers.count == extent { return (x, numbers.map(\.description)) }
            }
            let side = ["_a", "_b"].first { name.hasSuffix($0) } ?? ""
            let told = (isPictorial ? nil : isLast ? figure?.x : index == 0 ? figure?.series : nil) ?? ""
            for field in [told, name.dropLast(side.count) + "s" + side] {
                let places = result.names(field)
                if places.count == extent { return (name, places) }
            }
            return (name, (0..<extent).map(String.init))
        }
    }

    /// The next place of a row-major array.
    private static func advance(_ indices: inout [Int], in shape: [Int]) {
        for axis in indices.indices.reversed() {
            indices[axis] += 1
            if indices[axis] < shape[axis] { return }
            indices[axis] = 0
        }
    }

    /// RFC 4180, with line feeds as everybody reads them.
    private mutating func line(_ cells: [String]) {
        bytes.append(contentsOf: cells.map(Self.quoted).joined(separator: ",").utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// A cell, in quotes where it holds what separates cells.
    static func quoted(_ cell: String) -> String {
        guard cell.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 < 32 }) else {
            return cell
        }
        return "\"" + cell.replacing("\"", with: "\"\"") + "\""
    }
}

extension NamedArray.Numbers {
    /// The number at a row-major position; empty for what is not finite.
    fileprivate func text(at position: Int) -> String {
        switch self {
        case .float64(let numbers): numbers[position].isFinite ? numbers[position].description : ""
        case .float32(let tensor):
            tensor[flat: position].isFinite ? tensor[flat: position].description : ""
        }
    }
}

extension AnalysisResult {
    /// The elements of a list as text; of images their references.
    func names(_ field: String) -> [String] {
        guard case .list(let values)? = self[field] else { return [] }
        return values.map { value in
            switch value {
            case .string(let text): text
            case .int(let number): "\(number)"
            case .object(let members):
                members.lazy.compactMap { member in
                    if member.name == "ref", case .string(let text) = member.value { text } else { nil }
                }.first ?? ""
            default: ""
            }
        }
    }

    /// The numbers of an array of doubles.
    func doubles(_ field: String) -> [Double] {
        if case .float64(let numbers)? = array(field)?.numbers { return numbers }
        return []
    }

    /// A text.
    func text(_ field: String) -> String {
        if case .string(let text)? = self[field] { return text }
        return ""
    }
}
