import FoundationEssentials
import Platform

/// The files of formats.json and what Pillow made of them.
struct FormatFixtures: Decodable {
    struct File: Decodable, Sendable, CustomStringConvertible {
        struct Sides: Decodable, Sendable {
            let height: Int
            let width: Int
        }

        let file: String
        /// Pixels as Pillow opens it; nil for a file that is refused.
        let height: Int?
        let width: Int?
        /// Whether it has more frames or pages than one.
        let many: Bool?
        /// What the refusal says.
        let refused: String?
        /// The sides where EXIF turns it.
        let upright: Sides?

        var description: String { file }
    }

    struct Halved: Decodable, Sendable, CustomStringConvertible {
        let file: String
        let half: String
        let height: Int
        let width: Int

        var description: String { file }
    }

    let files: [File]
    let halved: [Halved]

    static let all: FormatFixtures = {
        do {
            return try JSONDecoder().decode(
                FormatFixtures.self, from: Data(ImageFixtures.bytes("formats.json").array))
        } catch {
            preconditionFailure("Tests/Fixtures/images/formats.json: \(error)")
        }
    }()
}
