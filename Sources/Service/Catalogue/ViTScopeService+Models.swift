public import Catalogue
public import JSON
import Tensors

extension ViTScopeService {
    /// The models by name.
    ///
    /// - Throws: `unreadable` for a page token that is none.
    public func models(pageSize: Int? = nil, pageToken: String? = nil) async throws(ServiceError) -> Page<ModelInfo> {
        try Page(await catalogue.all, size: pageSize, token: pageToken, limits: configuration.limits)
    }

    /// - Throws: `notFound` with the names most like it.
    public func model(_ name: String) async throws(ServiceError) -> ModelInfo {
        try await catalogue.info(try await openName(name))
    }

    /// Takes a model into the catalogue; it loads off the request's path. Registering the same again is harmless; a
    /// model that failed is replaced.
    ///
    /// - Parameter waiting: how long to wait for the load, seconds: the answer says `loading` where it takes longer.
    /// - Throws: `invalid`, `notFound` with the nearest files, `conflict` where the name stands for something else.
    public func register(
        _ registration: ModelRegistration, waiting: Double = 0
    ) async throws(ServiceError) -> ModelInfo {
        let registration = try await keepingCheckpoint(of: registration)
        let info = try await catalogue.register(registration)
        guard waiting > 0, info.state == .loading else { return info }
        await catalogue.waitForLoad(registration.name, seconds: waiting)
        return try await catalogue.info(registration.name)
    }

    /// Takes a file of our own, anywhere on the disk, into the catalogue without remembering it.
    ///
    /// - Throws: `invalid` for a name that is none.
    public func registerBuiltIn(name: String, fileAt path: String) async throws(ServiceError) {
        guard ResourceName.isValid(name) else { throw .invalid("/name", ResourceName.rule) }
        await catalogue.registerBuiltIn(name, place: CheckpointPlace(path: path))
    }

    /// What became of the checkpoint's tensors.
    ///
    /// - Throws: `notFound`; `conflict` while it loads, or where the file could not be read at all.
    public func loadReport(_ name: String) async throws(ServiceError) -> JSONValue {
        try await catalogue.loadReport(try await openName(name))
    }

    /// Takes a model out of the catalogue and gives its memory back to the system.
    public func deleteModel(_ name: String) async throws(ServiceError) {
        try await catalogue.delete(name)
        Tensor.releaseRecycledMemory()
    }
}
