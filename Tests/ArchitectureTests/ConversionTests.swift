import Foundation
import Testing

/// A float becomes an integer only where it was asked whether it is one: `Int(_:)` ends the process for NaN, infinity and
/// everything beyond its range.
@Suite struct ConversionTests {
    /// Files in which every such conversion is of something that cannot but be in range: of a byte, of a position inside
    /// of a side, of the root of a count.
    private static let known: Set<String> = [
        "Images/Augmentations/Image+Affine+Unsafe.swift", "Images/Augmentations/Image+Hue+Unsafe.swift",
        "Images/Augmentations/Image+Levels+Unsafe.swift", "Images/Datasets/ShapesTextures/Colour.swift",
        "Images/Transforms/EvaluationTransform.swift", "Models/Loading/PositionReader.swift",
        "Models/Loading/SinCosTable.swift", "Models/Loading/StructureReader.swift",
    ]

    @Test func floatsBecomeIntegersByAsking() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources").path
        let conversion = try Regex(
            #"\bU?Int(8|16|32|64)?\((?!exactly:|rounding:|clamping:|truncatingIfNeeded:|bitPattern:)[^"?<]*"#
                + #"(\.rounded\(|squareRoot\(|Double\(|Float\()"#)
        var found: [String] = []
        for case let path as String in FileManager.default.enumerator(atPath: sources) ?? .init() {
            guard path.hasSuffix(".swift"), !Self.known.contains(path) else { continue }
            let text = try String(contentsOfFile: sources + "/" + path, encoding: .utf8)
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            where !line.contains("//") && line.contains(conversion) {
                found.append("\(path):\(number + 1)")
            }
        }
        #expect(found.isEmpty, "write Int(exactly:) or Int(rounding:_:), or say in this test why it is in range")
    }
}
