import Glibc
package import Images
import Platform

/// Names of datasets: of a folder in the datasets directory, or of a split in one, as `imagenette2/train`.
package enum DatasetName {
    /// The one or two parts of `name`; nil for what names nothing.
    package static func parts(_ name: String) -> [String]? {
        let parts = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        return parts.count <= 2 && parts.allSatisfy(isFolderName) ? parts : nil
    }

    /// The folder called `name` below `directory`, listed. What a name of two parts means must be a split of the first.
    ///
    /// - Throws: as `ImageFolder`; `.file` with a missing file for what is no dataset's name.
    package static func folder(_ name: String, beneath directory: String) throws(ImageError) -> ImageFolder {
        guard let parts = parts(name) else { throw missing(name) }
        guard parts.count == 2 else { return try ImageFolder(name, beneath: directory) }
        do throws(ImageError) {
            _ = try ImageFolder(parts[0], beneath: directory)
        } catch .hasSplits(_, let splits) {
            guard splits.contains(parts[1]) else { throw missing(name) }
            return try ImageFolder(name, beneath: directory, findsSplits: false)
        }
        throw missing(name)
    }

    private static func missing(_ name: String) -> ImageError {
        .file(.system("open", path: name.shortened, code: ENOENT))
    }

    private static func isFolderName(_ part: String) -> Bool {
        !part.isEmpty && !part.hasPrefix(".") && part.utf8.count <= 255 && !part.utf8.contains(0)
    }
}
