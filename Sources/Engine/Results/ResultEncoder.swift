import Analysis
package import Catalogue
import Checkpoints
package import JSON
import Tensors

/// Gives results the forms that users ask for.
package enum ResultEncoder {
    /// Numbers that JSON and CSV write out at the most: beyond, the text is many times the size of the numbers.
    static let textLimit = 8 << 20

    /// Everything but pictures.
    package static func encode(
        _ result: AnalysisResult, as format: ResultFormat, options: EncodingOptions
    ) throws(ServiceError) -> EncodedResult {
        switch format {
        case .json:
            try checkText(result)
            return EncodedResult(bytes: json(result, links: options.links), mediaType: format.mediaType, tensor: nil)
        case .csv:
            try checkText(result)
            try result.check(figure: options.figure)
            return EncodedResult(
                bytes: CSVTable(result, figure: options.figure).bytes, mediaType: format.mediaType, tensor: nil)
        case .npy:
            guard let array = result.array(result.mainField) else {
                throw .internalFault("the result \(result.id) has no main array")
            }
            return EncodedResult(
                bytes: npy(array), mediaType: format.mediaType, tensor: (array.shape, array.dtype, array.axes),
                missingCount: array.missingCount)
        case .npz:
            var files = result.allArrays.flatMap { name, array in
                (options.isQuantized ? QuantizedMaps(array)?.files(name) : nil) ?? [(name: name, npy: npy(array))]
            }
            // An archive of arrays says it as an array: (reasons, 2), the place in JSON and a sentence.
            let reasons = result.reasons
            if !reasons.isEmpty {
                files.append(
                    (
                        name: "reasons",
                        npy: Npy.encode(shape: [reasons.count, 2], reasons.flatMap { [$0.pointer, $0.reason] })
                    ))
            }
            let archive = EncodedResult(bytes: Npz.encode(files: files), mediaType: format.mediaType, tensor: nil)
            return options.isPacked && options.isQuantized ? archive.packed() : archive
        case .png: throw .internalFault("a PNG is no text")
        }
    }

    static func json(_ result: AnalysisResult, links: [JSONValue.Member]) -> [UInt8] {
        var members = result.fields.map { JSONValue.Member($0.name, $0.value) }
        members.append(.init("links", .object(links)))
        return JSONValue.object(members).json
    }

    private static func npy(_ array: NamedArray) -> [UInt8] {
        switch array.numbers {
        case .float32(let tensor): Npy.encode(tensor.reshaped(array.shape))
        case .float64(let numbers): Npy.encode(shape: array.shape, numbers)
        }
    }

    private static func checkText(_ result: AnalysisResult) throws(ServiceError) {
        try checkText(result.arrays.reduce(0) { $0 + Tensor.count(of: $1.array.shape) })
    }

    /// - Throws: `ServiceError.tooLarge` where so many numbers are not written out.
    static func checkText(_ count: Int) throws(ServiceError) {
        guard count > textLimit else { return }
        throw .tooLarge(
            "This answer has \(count) numbers, and text is written for at most \(textLimit).",
            alternative: "Ask for format=npy or npz, or for fewer images, layers, heads or queries.")
    }
}

extension AnalysisResult {
    /// - Throws: `ServiceError.invalid` where the answer has no such figure.
    package func check(figure: String?) throws(ServiceError) {
        guard let figure, !figures.contains(where: { $0.values == figure }) else { return }
        throw .invalid(
            "/figure",
            "This answer has no figure “\(figure.shortened)”. There are: "
                + figures.map(\.values).joined(separator: ", ") + ".")
    }

    /// Why numbers are missing, or how they are to be read.
    var reasons: [Reason] {
        guard case .list(let values)? = self["reasons"] else { return [] }
        return values.compactMap { value in
            guard case .object(let members) = value else { return nil }
            func text(_ name: String) -> String? {
                members.lazy.compactMap { member in
                    if member.name == name, case .string(let text) = member.value { text } else { nil }
                }.first
            }
            guard let pointer = text("pointer"), let reason = text("reason") else { return nil }
            return Reason(pointer: pointer, reason: reason)
        }
    }

    /// Every array, those inside objects under dotted names.
    package var allArrays: [(name: String, array: NamedArray)] {
        fields.flatMap { name, value -> [(name: String, array: NamedArray)] in
            switch value {
            case .array(let array): return [(name, array)]
            case .object(let members):
                return members.compactMap { member in
                    if case .array(let array) = member.value { return (name + "." + member.name, array) }
                    return nil
                }
            default: return []
            }
        }
    }
}

extension AnalysisResult {
    /// How large it is in a form, about, bytes.
    package func estimatedBytes(as format: ResultFormat) -> Int {
        switch format {
        // A number of four bytes has about a dozen digits.
        case .json, .csv: saturatingProduct(allArrays.reduce(0) { $0 + Tensor.count(of: $1.array.shape) }, 12)
        case .npy, .npz: byteCount
        // Pictures have bounds of their own.
        case .png: 64 << 10
        }
    }
}
