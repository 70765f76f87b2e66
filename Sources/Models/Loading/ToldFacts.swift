/// What a configuration and a file beside its tensors tell of a network, read from the places that layouts name.
struct ToldFacts {
    /// The name that the checkpoint's own tree gives its architecture.
    let fileArch: String?
    /// The heads that the configuration names.
    let configuredHeads: Int?
    /// The heads that the checkpoint's own tree names.
    let fileHeads: Int?
    /// The eps that the configuration names.
    let configuredEps: Double?
    /// The eps that the checkpoint's own tree names.
    let fileEps: Double?
    /// timm's word for the norm, where the configuration has one.
    let configuredNorm: String?
    /// This program's own line about rotary positions.
    let rope: String?
    /// The activation that the configuration or the checkpoint's own tree names.
    let activation: (place: String, word: String)?
    /// The input sizes that the configuration names, likeliest first, with the place of each.
    let configuredImageSizes: [(place: String, size: ImageSize)]
    /// The input sizes that configuration and file name, likeliest first.
    let imageSizes: [ImageSize]

    init(_ hints: ModelHints, _ places: ToldPlaces) {
        func config<T>(_ places: [ToldPlaces.Place], _ read: (HintValue) -> T?) -> [(place: String, value: T)] {
            places.compactMap { place in
                guard case .config(let path) = place else { return nil }
                return hints.config[path].flatMap(read).map { (path, $0) }
            }
        }
        func file<T>(_ places: [ToldPlaces.Place], _ read: (HintValue) -> T?) -> [(place: String, value: T)] {
            places.compactMap { place in
                guard case .file(let path) = place else { return nil }
                return hints.fields[path].flatMap(read).map { (path, $0) }
            }
        }
        fileArch = file(places.arch, \.string).first?.value
        configuredHeads = config(places.heads, \.int).first?.value
        fileHeads = file(places.heads, \.int).first?.value
        configuredEps = config(places.eps, \.double).first?.value
        configuredNorm = hints.config["model_args.norm_layer"]?.string?.lowercased()
        rope = hints.fields["rope"]?.string
        fileEps = file(places.eps, \.double).first?.value
        let words = config(places.activation, \.string).map { ("\($0.place) of config.json", $0.value) }
        activation = words.first ?? file(places.activation, \.string).first.map { ($0.place, $0.value) }
        configuredImageSizes = config(places.imgSize, \.imageSize).map { ($0.place, $0.value) }
        imageSizes = configuredImageSizes.map(\.size) + file(places.imgSize, \.imageSize).map(\.value)
    }
}
