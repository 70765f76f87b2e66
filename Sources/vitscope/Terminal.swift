import Foundation

/// stderr, where everything goes that is not data.
enum Terminal {
    /// Writes `text` to stderr as it is.
    static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    /// One line that says what went wrong and what to do.
    static func error(_ message: String) { write("vitscope: \(message)\n") }

    /// Writes `line` to stdout at once, so that whoever reads a pipe sees it.
    static func print(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    /// Ends the program at once, without destructors: threads that compute never end, and one of them may still be
    /// making a batch from memory that a destructor takes. What was printed here is out, because nothing is buffered,
    /// and files are made durable as they are written.
    static func leave(_ code: Int32) -> Never { _exit(code) }

    /// Writes `bytes` to stdout.
    static func print(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }
}
