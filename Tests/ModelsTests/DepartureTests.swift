import Models
import Testing

/// Which networks training starts from, and which are analysed alone.
@Suite struct DepartureTests {
    private static let plain: Set<String> = [
        "beit2", "hf_data2vec", "hf_msn", "msn", "ibot", "ibot_student", "flexivit", "deit3", "radio", "naflexvit",
        "mmpretrain",
        "torchvision", "hf_ijepa",
    ]

    @Test(arguments: try ReferenceCase.all().filter { $0.folder == "newer_models" })
    func plainOnesAndOthers(reference: ReferenceCase) throws {
        let departure = try reference.recognise().config.departure
        #expect((departure == nil) == Self.plain.contains(reference.name), "\(departure ?? "plain")")
    }
}
