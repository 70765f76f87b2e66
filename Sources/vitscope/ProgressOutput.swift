import Foundation
import JSON
import Runs
import Service
import Synchronization
import Training

/// Shows a run: lines of JSON on stdout for programs, a bar on stderr for people.
///
/// A class because it remembers what stands on the terminal.
final class ProgressOutput: Sendable {
    private struct State {
        var lastShown: ContinuousClock.Instant?
        var barStands = false
    }

    private let printsJSON: Bool
    private let showsBar: Bool
    private let state = Mutex(State())

    init(printsJSON: Bool, showsBar: Bool) {
        self.printsJSON = printsJSON
        self.showsBar = showsBar
    }

    /// Shows one event.
    func show(_ report: TrainingReport) {
        state.withLock { state in
            if let progress = report.progress {
                // A fast run makes thousands of steps a minute, and nobody reads them all.
                let interval: Duration = showsBar ? .milliseconds(100) : .seconds(1)
                if let last = state.lastShown, progress.step < progress.steps, ContinuousClock.now - last < interval {
                    return
                }
                state.lastShown = .now
                if showsBar {
                    Terminal.write("\r" + ProgressBar.text(progress, columns: Terminal.columns) + "\u{1B}[K")
                    state.barStands = true
                }
            }
            if printsJSON { Terminal.print(String(decoding: report.value.json, as: UTF8.self)) }
            if let message = report.message, !printsJSON || showsBar {
                Terminal.write((state.barStands ? "\r\u{1B}[K" : "") + message + "\n")
                state.barStands = false
            }
        }
    }

    /// Leaves the bar where it stands.
    func finish() {
        state.withLock { state in
            if state.barStands { Terminal.write("\n") }
            state.barStands = false
        }
    }
}

/// The first signal that came. A class because the listener and the command share it.
final class ReceivedSignal: Sendable {
    private let number = Mutex<Int32?>(nil)

    /// Remembers `signal`; false where one had come before.
    func set(_ signal: Int32) -> Bool {
        number.withLock { number in
            guard number == nil else { return false }
            number = signal
            return true
        }
    }

    var value: Int32? { number.withLock { $0 } }
}
