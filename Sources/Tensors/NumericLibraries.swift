import CKernels
import COneDNN
import COpenBLAS
import Platform

/// What the machine's libraries are, for `/v1` and `version`.
public enum NumericLibraries {
    /// Versions by name.
    public static var versions: [(name: String, version: String)] {
        var text = [CChar](repeating: 0, count: 32)
        onednn_version(&text, text.count)
        let oneDNN = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let openBLAS = openblas_get_config().map { String(cString: $0) } ?? "unknown"
        return [("onednn", oneDNN), ("openblas", openBLAS), ("kernels", kernelLevel)]
    }

    /// The instructions that our own kernels use. `ONEDNN_MAX_CPU_ISA` bounds them as it bounds oneDNN's.
    private static var kernelLevel: String {
        switch kernels_level() {
        case 4: "x86-64-v4"
        case 3: "x86-64-v3"
        case 1: "x86-64"
        default: "generic"
        }
    }

    /// Makes the libraries work with so many threads when the calling thread calls them: one where a `ThreadPool`
    /// splits the work. Every pool passes it as `prepare`, and its caller calls it once.
    public static func prepareThread(libraryThreads: Int = 1) {
        onednn_prepare_thread(Int32(clamping: libraryThreads))
        openblas_set_num_threads(1)
    }
}
