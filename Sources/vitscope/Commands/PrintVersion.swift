import ArgumentParser
import Platform
import Service

/// Prints which ViTScope this is.
struct PrintVersion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        guard json else { return Terminal.print(Version.text) }
        Terminal.print(try JSONText.encode(Answer()))
    }

    private struct Answer: Encodable {
        let name = "vitscope"
        let version = Version.text
        let revision = Machine.revision
        let libraries = Dictionary(uniqueKeysWithValues: ViTScopeService.libraries.map { ($0.name, $0.version) })
    }
}
