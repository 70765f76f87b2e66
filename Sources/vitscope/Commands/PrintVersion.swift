import ArgumentParser

/// Prints which ViTScope this is.
struct PrintVersion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        Terminal.print(json ? try JSONText.encode(["name": "vitscope", "version": Version.text]) : Version.text)
    }
}
