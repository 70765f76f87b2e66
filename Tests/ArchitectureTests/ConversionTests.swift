import Foundation
import Testing

/// A float becomes an integer only where it was asked whether it is one: `Int(_:)` ends the process for NaN, infinity and
/// everything beyond its range.
///
/// The compiler asks in every file that sees Platform, where these conversions are declared once more as not to be used
/// (`FixedWidthInteger+Trapping.swift`). So a file that converts anything without a word for how must see Platform.
@Suite struct ConversionTests {
    @Test func whoConvertsSeesPlatform() throws {
        let text = "All of them are of text, of bytes and of other integers.",
            system = "What the system counts in its own types."
        try Lint(
            pattern:
                #/\bU?Int(?:8|16|32|64)?(?:\.init\b|\((?!exactly:|rounding:|inRange:|clamping:|truncatingIfNeeded:|bitPattern:|ascii:|\)))/#,
            concerns: { text in
                !text.contains(/(?m)^(?:public |package )?import Platform$/) && !text.contains("init(inRange")
            },
            allowed: [
                "Jobs/Job.swift": .init(1, text), "Jobs/JobID.swift": .init(1, text),
                "Platform/Bytes.swift": .init(2, system),
                "Platform/Confinement.swift": .init(5, "Numbers of ours, made positive."),
                "Platform/MessageSocket.swift": .init(2, system), "Storage/RowSeal.swift": .init(2, text),
                "Platform/Communicator.swift": .init(2, system), "Platform/ContainedFile.swift": .init(5, system),
                "Platform/Deflate.swift": .init(12, system), "Platform/DetachedThread.swift": .init(1, system),
                "Platform/Digest.swift": .init(3, text), "Platform/FaultPoint.swift": .init(1, text),
                "Platform/Folder.swift": .init(2, system), "Platform/Machine.swift": .init(8, system),
                "Platform/MappedFile.swift": .init(1, system), "Platform/ProcessStatus.swift": .init(6, system),
                "Plots/Canvas.swift": .init(4, "Extents of pictures that are there, and what Cairo counts."),
                "Plots/Raster.swift": .init(3, "Bytes, and a sum of two shares of bytes."),
                "Storage/WriteAheadLog.swift": .init(2, text),
            ], advice: "import Platform, so that the compiler sees what is converted"
        ).check()
    }

    /// Where a float cannot but be in range, and a fault of ours would end the process.
    @Test func whatIsTakenForInRangeIs() throws {
        try Lint(
            pattern: #/\binRange:/#,
            allowed: [
                "Checkpoints/PyTorch/PickleRebuilder+Calls.swift": .init(
                    1, "A number of sixteen bits or fewer, as its type says."),
                "Images/Augmentations/Image+Affine+Unsafe.swift": .init(
                    3, "A place at most half a pixel outside of the image, and a level cut to a byte."),
                "Images/Augmentations/Image+Colour.swift": .init(1, "A mean of bytes."),
                "Images/Augmentations/Image+Hue+Unsafe.swift": .init(
                    6, "Shares of bytes, and a factor that the precondition bounds."),
                "Images/Augmentations/Image+Levels+Unsafe.swift": .init(1, "A level cut to a byte."),
                "Images/Augmentations/RandAugment.swift": .init(3, "A magnitude of 1,000 at the most."),
                "Images/Datasets/ShapesTextures/Colour.swift": .init(1, "A colour clamped to 0 and 1."),
                "Images/Datasets/ShapesTextures/LatticeNoise.swift": .init(2, "Places on a canvas of 1,024 pixels."),
                "Images/Transforms/Crop.swift": .init(1, "Half a difference of sides."),
                "Models/Loading/SinCosTable.swift": .init(1, "The root of a count."),
                "Models/Loading/StructureReader.swift": .init(2, "The root of a count."),
                "Platform/FixedWidthInteger+Trapping.swift": .init(20, "Here they are refused."),
            ],
            advice: "write exactly or rounding, or say in the table why it is in range"
        ).check()
    }
}
