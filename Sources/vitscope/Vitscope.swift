import ArgumentParser
import Foundation
import Processes
import Service

/// The program: what do self-supervised Vision Transformers learn, as a service.
struct Vitscope: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vitscope",
        abstract: "What do self-supervised Vision Transformers learn? Attention, frequencies and layers, as a service.",
        discussion: """
            stdout is data, stderr is progress and logs. Settings come from flags, then VITSCOPE_… environment \
            variables, then --config FILE, then defaults.
            """,
        version: Version.text,
        subcommands: [
            Serve.self, Health.self, Train.self, Jobs.self, Backup.self, Restore.self, Reproduce.self, Analyze.self,
            Compare.self,
            Assert.self, Verify.self,
            Inspect.self, Convert.self, Bench.self,
            PrintVersion.self, Worker.self,
        ])
}

@main
enum Main {
    @MainActor static func main() async {
        // On the first thread, before any other of ours: all that begin later take after it, and so do workers with all
        // their threads, also those that libraries start before a program is asked.
        ViTScopeService.renouncePrivileges()
        let arguments = Array(CommandLine.arguments.dropFirst())
        // Processes that the server starts; what they give up binds the threads that begin afterwards.
        switch arguments.first {
        case "parse": ParserHost.run(Array(arguments.dropFirst()))
        case "compute": ComputeHost.run(Array(arguments.dropFirst()))
        default: await run()
        }
    }

    private nonisolated static func run() async {
        do {
            var command = try Vitscope.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            Terminal.error(failure.message)
            exit(failure.code.rawValue)
        } catch {
            leave(for: error)
        }
    }

    /// Help and versions go to stdout and are a success; a wrong command line goes to stderr and is a 2.
    private static func leave(for error: any Error) {
        let code = Vitscope.exitCode(for: error)
        let text = Vitscope.fullMessage(for: error)
        if code == .success {
            print(text)
            exit(0)
        }
        if !text.isEmpty { Terminal.write(text + "\n") }
        exit(code == .validationFailure ? ExitStatus.usage.rawValue : code.rawValue)
    }
}
