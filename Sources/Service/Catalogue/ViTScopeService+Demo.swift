public import Catalogue
import Platform
public import Reproduction

extension ViTScopeService {
    /// Adds what `serve --demo` shows: three small trained models, their untrained baseline, and a probe set on
    /// built-in images. Harmless when repeated.
    ///
    /// - Throws: `unavailable` where the demo's folder does not have its checkpoints.
    public func addDemo(_ demo: DemoFolder) async throws(ServiceError) {
        let missing = DemoFolder.names.map { demo.checkpoint($0) }.filter { !Folder.exists($0) }
        guard missing.isEmpty, demo.isThere else {
            throw .unavailable(
                "The demo's checkpoints are not in \(demo.path). Name the folder with --demo-dir, or start without "
                    + "--demo.")
        }
        let folder = configuration.dataDirectory + "/demo", baseline = folder + "/\(DemoFolder.baseline).safetensors"
        do { try Folder.create(folder) } catch { throw error.isDiskFull ? .diskFull : .internalFault("\(error)") }
        try demo.writeBaseline(to: baseline)
        for name in DemoFolder.names { try await registerBuiltIn(name: name, fileAt: demo.checkpoint(name)) }
        try await registerBuiltIn(name: DemoFolder.baseline, fileAt: baseline)
        _ = try await createProbeSet(
            ProbeSetRequest(name: "demo", dataset: "shapes-textures", numImages: 50, seed: 0, stratified: true))
    }
}
