import Testing

/// What ends the process, where a line of text tells that it may.
@Suite struct TrapTests {
    /// Nothing is unwrapped, tried or cast by force.
    @Test func nothingIsForced() throws {
        let token = "The name of a field, a literal of letters and hyphens.",
            memory = "Arrays and tensors have an address, empty ones as well."
        try Lint(
            pattern: #/[\w\)\]\}>]!(?![=\w])|\btry!|\bas!|\bunowned\b|:\s*\[?[A-Z][\w.]*\]?!/#,
            allowed: [
                "Platform/AtomicFile.swift": .init(1, "Something is left to write, so there is memory."),
                "Platform/Deflate.swift": .init(
                    3, "Bytes always have memory, and the target has room for one at least."),
                "Tensors/AttentionSums.swift": .init(4, memory),
                "Tensors/DoubleMatrix+Analysis.swift": .init(2, memory),
                "Tensors/DoubleMatrix.swift": .init(2, memory),
                "Tensors/Kernels.swift": .init(6, memory),
                "Tensors/ParameterBuffer.swift": .init(4, memory),
                "Tensors/Training/BatchNorm.swift": .init(4, memory),
                "Tensors/Training/Pointers.swift": .init(5, memory),
                "Tensors/Training/Tensor+Elementwise.swift": .init(4, memory),
                "Tensors/Training/Tensor+LayerNorm.swift": .init(1, memory),
                "Tensors/Training/Tensor+Linear.swift": .init(2, memory),
                "Tensors/Training/Tensor+Losses.swift": .init(5, memory),
                "Tensors/Training/Tensor+Tokens.swift": .init(10, memory),
                "WebAPI/Middleware/RequestLogMiddleware.swift": .init(14, token),
                "WebAPI/Routes/JobEventRoutes.swift": .init(2, token),
                "WebAPI/Routes/JobRoutes.swift": .init(2, token),
                "WebAPI/Routes/SessionRoutes.swift": .init(1, token),
                "WebAPI/Routes/UploadRoutes.swift": .init(1, token),
            ], advice: "guard, or say in the table why it cannot fail"
        ).check()
    }

    /// Whoever cannot go on throws a sentence.
    @Test func nothingGivesUp() throws {
        try Lint(
            pattern: #/\bfatalError\(|\bassert\(|\bassertionFailure\(|(?:^|[^.\w])exit\(/#,
            allowed: [
                "vitscope/Vitscope.swift": .init(3, "A command that has failed ends with its status.")
            ], advice: "throw a sentence"
        ).check()
    }

    /// The least whole number has no opposite: `abs` of it ends the process, where its magnitude does not.
    @Test func magnitudesAreTakenOfWholeNumbers() throws {
        let floats = "Of floats."
        try Lint(
            pattern: #/\babs\(/#,
            folders: [
                "Catalogue", "Engine", "Runs", "Reproduction", "Service", "WebAPI", "vitscope", "JSON", "Checkpoints",
                "Models/Loading", "Jobs", "Storage", "Images/Decoding", "Images/Transforms", "Training/Configuration",
                "Training/Settings", "Training/Data",
            ],
            allowed: [
                "Engine/Results/HTMLPage.swift": .init(2, floats),
                "Runs/Queue/MetricSeries.swift": .init(1, floats),
                "Reproduction/Checklist/Checklist.swift": .init(2, floats),
                "Reproduction/Checklist/ReproductionReport.swift": .init(1, floats),
                "Reproduction/Checks/Verification.swift": .init(1, floats),
                "JSON/JSONReader.swift": .init(1, "The bounds of a setting, which are ours."),
                "Models/Loading/SinCosTable.swift": .init(1, floats),
                "Images/Transforms/Preprocess+HuggingFace.swift": .init(1, floats),
                "Images/Transforms/Preprocess.swift": .init(1, floats),
            ], advice: "write magnitude, or say in the table that it is no whole number from outside"
        ).check()
    }

    /// The rooms that read what users send: products of what is read are asked whether they fit.
    private static let readers = ["Checkpoints", "Images/Decoding", "JSON", "WebAPI/Parameters"]

    @Test func productsAreAsked() throws {
        try Lint(
            pattern: #/[\w\)\]] \* [\w\(]|\*=/#, folders: Self.readers,
            allowed: [
                "Checkpoints/Entry+RowMajor.swift": .init(7, "Extents of a tensor whose bytes are there."),
                "Checkpoints/Npy+Encode.swift": .init(4, "What is written, not what is read."),
                "Checkpoints/PyTorch/PickleMachine+Literals.swift": .init(1, "A byte times ten, in sixteen bits."),
                "Checkpoints/PyTorch/PickleRebuilder+Tensors.swift": .init(
                    2, "The line before has found as many elements in the storage."),
                "Checkpoints/PyTorch/ZipRecord.swift": .init(1, "A count below four."),
                "Checkpoints/SafeTensors+Encode.swift": .init(1, "A place of a byte in a word."),
                "Checkpoints/ZipWriter.swift": .init(3, "What is written, not what is read."),
                "Images/Decoding/BMP+Unsafe.swift": .init(
                    30, "Sides within the limits, and places inside of a line of such an image."),
                "Images/Decoding/BMPHeader.swift": .init(
                    7, "Literals and bytes, and 65,536 colours of four bytes at the most."),
                "Images/Decoding/EXIF.swift": .init(1, "A number of sixteen bits times twelve."),
                "Images/Decoding/Orientation.swift": .init(1, "Sides of an image that is there."),
                "Images/Decoding/PNG+Unsafe.swift": .init(
                    3, "Sides of an image that is there, or that the limits let through."),
                "Images/Decoding/PNGHeader.swift": .init(1, "Sixteen times four at the most."),
                "Images/Decoding/PixelBuffer+Unsafe.swift": .init(15, "Sides of an image that is there."),
                "JSON/JSONWriter.swift": .init(2, "Extents of an array that is there."),
                "JSON/NearestNames.swift": .init(1, "Both have 600 scalars at the most."),
            ], advice: "write times, or say in the table why it fits"
        ).check()
    }

    /// A field that was just widened is bounded, or asked.
    @Test func sumsWithFieldsAreAsked() throws {
        try Lint(
            pattern:
                #/[-+]=? U?Int(?:32|64)?\(|[-+]=? \d+ [-+] U?Int(?:32|64)?\(|\bU?Int(?:32|64)?\(\w+\) [-+] /#,
            folders: Self.readers,
            allowed: [
                "Images/Decoding/BMP+Unsafe.swift": .init(2, "Bytes, and a byte times a side within the limits."),
                "Images/Decoding/JPEGHeader.swift": .init(
                    2, "A length of sixteen bits, and an offset inside of the file."),
                "Images/Decoding/PNGHeader.swift": .init(1, "A length of 32 bits, and an offset inside of the file."),
            ], advice: "write plus, or say in the table why it fits"
        ).check()
    }

    /// A range whose ends come from what is read may run backwards.
    @Test func rangesRunForwards() throws {
        try Lint(
            pattern: #/[\w\)\]]\.\.[.<](?!\.)/#, folders: Self.readers,
            allowed: [
                "Checkpoints/Cursor.swift": .init(1, "The count is the least of two that are not negative."),
                "Checkpoints/Entry+RowMajor.swift": .init(3, "Extents of a tensor that is there."),
                "Checkpoints/FileKind.swift": .init(1, "An index of the array itself."),
                "Checkpoints/Npy+Encode.swift": .init(2, "Literals."),
                "Checkpoints/Npy.swift": .init(4, "Places of a walk that goes forwards and stays inside."),
                "Checkpoints/PyTorch/PickleMachine+Literals.swift": .init(
                    1, "The line has two bytes at the least, as the guard has seen."),
                "Checkpoints/PyTorch/PickleMachine.swift": .init(
                    2, "A literal count, and a mark that was put at a height of the stack."),
                "Checkpoints/PyTorch/ZipDirectory.swift": .init(
                    1, "A count that is not negative, of 65,536 at the most."),
                "Checkpoints/PyTorch/ZipRecord.swift": .init(1, "A count of bytes through eight."),
                "Checkpoints/SafeTensors+Encode.swift": .init(1, "Literals."),
                "Checkpoints/ZipWriter.swift": .init(1, "Literals."),
                "Images/Decoding/BMP+Unsafe.swift": .init(
                    8, "Sides, lines and runs, none of which is negative."),
                "Images/Decoding/BMPHeader.swift": .init(6, "Literals, and counts that are not negative."),
                "Images/Decoding/EXIF.swift": .init(1, "A number of sixteen bits without a sign."),
                "Images/Decoding/JPEGHeader.swift": .init(2, "Literals."),
                "Images/Decoding/PixelBuffer+Unsafe.swift": .init(2, "Places of a walk in blocks, below the sides."),
                "JSON/JSONParser.swift": .init(3, "Literals, and places of a walk that goes forwards."),
                "JSON/JSONWriter.swift": .init(3, "Literals, and extents that are not negative."),
                "JSON/NearestNames.swift": .init(3, "Lengths of arrays, the shorter taken from the longer."),
                "WebAPI/Parameters/ByteRange.swift": .init(
                    6, "The guards before have the ends in order, and below the size."),
                "WebAPI/Parameters/PercentEncoding.swift": .init(6, "Literals."),
            ], advice: "guard the ends, or say in the table why they are in order"
        ).check()
    }
}
