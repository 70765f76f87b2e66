import Testing

/// Text from outside enters at few places, and is looked through there: Swift compares and hashes texts with long runs of
/// combining marks in the square of their length (`StreamSafeText`).
@Suite struct TextEntryTests {
    @Test func textIsMadeOfBytesWhereItIsLookedThrough() throws {
        let own = "The program wrote the text itself a moment ago.",
            digits = "Digits, which the line before has seen to.",
            few = "A few bytes, too few to take long."
        try Lint(
            pattern:
                #/\bString\((?:decoding|validating|validatingCString|cString|bytes|data|contentsOf|contentsOfFile):|\bJSONDecoder\(|\bJSONSerialization\b|\bPropertyListDecoder\(|\b(?:get|read)String\(|\breadLine\(/#,
            allowed: [
                "Platform/Bytes.swift": .init(2, "The way in: it looks through what it gives."),
                "JSON/JSONParser.swift": .init(2, "Another way in, and digits."),
                "JSON/JSONWriter.swift": .init(1, own),
                "WebAPI/Parameters/PercentEncoding.swift": .init(1, "The way in of queries and paths."),
                "Platform/Folder.swift": .init(4, "Names of files have 255 bytes at the most, and paths are ours."),
                "Platform/ContainedFile.swift": .init(1, "Names of files have 255 bytes at the most."),
                "Platform/Machine.swift": .init(2, "Who started the program may write what they like."),
                "Platform/FaultPoint.swift": .init(1, "Tests alone set the variable."),
                "Platform/Communicator.swift": .init(2, "Sentences of Open MPI's and of our other ranks, shown alone."),
                "Platform/Digest.swift": .init(1, own),
                "Tensors/NumericLibraries.swift": .init(2, "Names of libraries' versions."),
                "Images/Decoding/Words.swift": .init(1, "The libraries' words for an error."),
                "Images/OtherFile.swift": .init(2, few), "Checkpoints/FileKind.swift": .init(1, few),
                "Checkpoints/NumpyType.swift": .init(1, digits),
                "Checkpoints/Npy.swift": .init(3, "Parts of a header that was looked through as a whole."),
                "Checkpoints/PyTorch/PickleMachine+Literals.swift": .init(1, "Four or eight hexadecimal digits."),
                "Jobs/JobChange.swift": .init(1, own), "Jobs/JobID.swift": .init(1, digits),
                "Storage/JobTable.swift": .init(2, "What the database holds was looked through before it came there."),
                "Catalogue/Datasets/ProbeSetStore.swift": .init(
                    1, "Files of our own, of names that were looked through."),
                "Catalogue/Models/LoadMarks.swift": .init(1, "A file of our own, of names that were looked through."),
                "Training/Checkpointing/RunDirectory.swift": .init(2, own),
                "Runs/Queue/ResultArchive+Jobs.swift": .init(1, "Sent to whoever asks, and compared with nothing."),
                "Runs/Folders/JobBody.swift": .init(1, own), "Runs/Workers/WorkerReports.swift": .init(1, own),
                "Runs/Training/TrainingEstimate.swift": .init(1, own),
                "WebAPI/Connection/HostPolicy.swift": .init(
                    1, "Letters, digits, hyphens and dots, which the lines before see to."),
                "WebAPI/Static/StaticAssets.swift": .init(1, "The page that the program brings along."),
                "vitscope/Client/EventLines.swift": .init(1, "The command line reads its own server's answers."),
                "vitscope/Client/JobEventOutput.swift": .init(1, "The command line reads its own server's answers."),
                "vitscope/Client/JobSummary.swift": .init(1, "The command line reads its own server's answers."),
                "vitscope/Client/ServerProblem.swift": .init(1, "The command line reads its own server's answers."),
                "vitscope/Commands/JobsList.swift": .init(1, "The command line reads its own server's answers."),
                "vitscope/Client/ServerOptions.swift": .init(1, "A token, of the file that its user names."),
                "vitscope/Commands/Serve.swift": .init(1, "A token, of the file that its user names."),
                "vitscope/Commands/Bench.swift": .init(1, own), "vitscope/Configuration/Setting.swift": .init(1, own),
                "vitscope/ProgressOutput.swift": .init(1, own), "vitscope/ReportText.swift": .init(1, own),
            ],
            advice: "read it with Bytes.utf8String or JSONValue.parse, or say in the table why it is cheap to compare"
        ).check()
    }
}
