/// A file of a job's folder that is not what it should be.
package struct JobFolderError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
