import JSON
import Tensors

/// A tidy table of a result: a row a number, a column for each thing that tells the rows apart.
struct CSVTable {
    private(set) var bytes: [UInt8] = []

    init(_ result: AnalysisResult) {
        switch result.kind {
        case .attention, .rollout, .gradientRollout: writeMaps(result)
        case .attentionDistance, .attentionNMI, .attentionEntropy: writeMetrics(result)
        case .fourier: writeSpectra(result)
        case .cka: writeMatrix(result)
        default: writeArrays(result)
        }
    }

    /// The main array, and beside it every other of its shape; an axis `layer` takes its names from `layers`,
    /// and `layer_a` from `layers_a`.
    private mutating func writeArrays(_ result: AnalysisResult) {
        guard let main = result.array(result.mainField) else { return }
        let columns = result.arrays.filter { $0.array.shape == main.shape && $0.array.axes == main.axes }
        line(main.axes + columns.map(\.name))
        let names: [[String]] = zip(main.axes, main.shape).map { axis, extent in
            let side = ["_a", "_b"].first { axis.hasSuffix($0) } ?? ""
            let names = result.names(axis.dropLast(side.count) + "s" + side)
            return names.count == extent ? names : (0..<extent).map(String.init)
        }
        let numbers = columns.map(\.array.doubles)
        var indices = [Int](repeating: 0, count: main.shape.count)
        for position in 0..<(numbers.first?.count ?? 0) {
            line(zip(names, indices).map { $0[$1] } + numbers.map { Self.text($0[position]) })
            Self.advance(&indices, in: main.shape)
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

    private mutating func writeMaps(_ result: AnalysisResult) {
        guard let array = result.array(result.mainField), case .float32(let tensor) = array.numbers else { return }
        line(array.axes + [result.mainField])
        let images = result.names("images")
        let names: [[String]] = zip(array.axes, array.shape).map { axis, extent in
            switch axis {
            case "image": images.count == extent ? images : (0..<extent).map(String.init)
            case "layer": result.names("layers")
            case "head": result.names("heads")
            default: (0..<extent).map(String.init)
            }
        }
        var indices = [Int](repeating: 0, count: array.shape.count)
        for position in 0..<tensor.count {
            line(
                zip(names, indices).map { $0[$1] } + [
                    Self.text(Double(tensor[flat: position]), tensor[flat: position].description)
                ])
            Self.advance(&indices, in: array.shape)
        }
    }

    private mutating func writeMetrics(_ result: AnalysisResult) {
        let layers = result.names("layers"), heads = result.names("heads")
        let columns = ["mean", "std", "sem"].map { result.doubles($0) }, perHead = result.doubles("per_head")
        line(["layer", "head", "mean", "std", "sem"])
        for (row, layer) in layers.enumerated() {
            line([layer, "all"] + columns.map { Self.text($0[row]) })
            for (column, head) in heads.enumerated() {
                line([layer, head, Self.text(perHead[row * heads.count + column]), "", ""])
            }
        }
    }

    private mutating func writeSpectra(_ result: AnalysisResult) {
        let taps = result.names("taps"), frequencies = result.doubles("frequency_pi")
        let mean = result.doubles("delta_log_amplitude"), std = result.doubles("delta_log_amplitude_std")
        line(["tap", "frequency_pi", "delta_log_amplitude", "delta_log_amplitude_std"])
        for (row, tap) in taps.enumerated() {
            for (column, frequency) in frequencies.enumerated() {
                let place = row * frequencies.count + column
                line([tap, Self.text(frequency), Self.text(mean[place]), Self.text(std[place])])
            }
        }
    }

    private mutating func writeMatrix(_ result: AnalysisResult) {
        let rows = result.names("layers_a"), columns = result.names("layers_b"), values = result.doubles("cka")
        line(["layer_a", "layer_b", "cka"])
        for (row, name) in rows.enumerated() {
            for (column, other) in columns.enumerated() {
                line([name, other, Self.text(values[row * columns.count + column])])
            }
        }
    }

    /// RFC 4180, with line feeds as everybody reads them.
    private mutating func line(_ cells: [String]) {
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if cell.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 < 32 }) {
                bytes.append(UInt8(ascii: "\""))
                for byte in cell.utf8 { bytes.append(contentsOf: byte == UInt8(ascii: "\"") ? [byte, byte] : [byte]) }
                bytes.append(UInt8(ascii: "\""))
            } else {
                bytes.append(contentsOf: cell.utf8)
            }
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Empty for what is not finite.
    private static func text(_ number: Double, _ description: String? = nil) -> String {
        number.isFinite ? description ?? number.description : ""
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
