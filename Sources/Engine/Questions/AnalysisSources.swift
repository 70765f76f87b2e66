package import Catalogue
import FoundationEssentials
import JSON
import Logging

/// Where the images of an analysis are found.
package struct AnalysisSources: Sendable {
    package let library: ImageLibrary
    package let probeSets: ProbeSetStore
    /// Images that a request may name one by one.
    let limit: Int

    package init(library: ImageLibrary, probeSets: ProbeSetStore, limit: Int) {
        self.library = library
        self.probeSets = probeSets
        self.limit = limit
    }

    /// For a process that answers a question without a service.
    package static func open(
        dataDirectory: String, datasetsDirectory: String?, limits: ServiceLimits
    ) async throws -> AnalysisSources {
        let datasets = DatasetCatalogue(directory: datasetsDirectory)
        let probeSets = ProbeSetStore(
            folder: dataDirectory + "/probe-sets", limit: .max, datasets: datasets,
            look: { ImageLook.looks(at: $0, faults: $1) }, now: { Date() })
        try await probeSets.open(logger: Logger(label: "vitscope"))
        return AnalysisSources(
            library: ImageLibrary(
                store: ImageStore(dataDirectory: dataDirectory, maxBytes: limits.imageBytes, read: ImageReader.read),
                datasets: datasets),
            probeSets: probeSets, limit: limits.imagesPerRequest)
    }

    /// The images asked for; nil with faults noted.
    ///
    /// - Throws: `notFound` for a probe set or dataset alone at fault, and what the disk says.
    package func images(_ values: inout ParameterValues) async throws(ServiceError) -> AnalysisImages? {
        let refs = values.all("image")
        if let probeSet = values.text("probe_set") {
            if !refs.isEmpty {
                values.add("probe_set", "Give images or a probe set, not both.")
            } else if probeSet.isEmpty {
                values.add("probe_set", "“probe_set” is empty: write the name of one. GET /v1/probe-sets lists them.")
            } else {
                let set: ProbeSet
                do {
                    set = try await probeSets.probeSet(probeSet)
                } catch {
                    guard error.isNotFound else { throw error }
                    values.addMissing("probe_set", error)
                    return nil
                }
                return AnalysisImages(
                    sources: try await ServiceError.wrapping { try await library.sources(set) },
                    probeSet: ProbeSetName(set))
            }
            return nil
        }
        guard !refs.isEmpty else {
            values.add(
                "image",
                "Say which images: image=sha256:… or image=DATASET:INDEX, as often as you like, or probe_set=NAME.")
            return nil
        }
        guard refs.count <= limit else {
            values.add("image", "A request names at most \(limit) images. Make a probe set of them.")
            return nil
        }
        var sources: [ImageSource] = []
        for ref in refs {
            do {
                sources.append(try await library.source(ref))
            } catch {
                switch ServiceError(error) {
                case .invalid(let faults): for fault in faults { values.add("image", fault.detail) }
                // An image that does not exist is told beside other faults, or alone as what is not found.
                case let missing where missing.isNotFound: values.addMissing("image", missing)
                case let other: throw other
                }
            }
        }
        return sources.count == refs.count ? AnalysisImages(sources: sources, probeSet: nil) : nil
    }
}
