/// Where a configuration, or a file beside its tensors, tells what no tensor does; likeliest places first.
package struct ToldPlaces: Sendable {
    /// A field, by its dotted path.
    package enum Place: Sendable {
        /// Of config.json.
        case config(String)
        /// Of the checkpoint's own tree, or its metadata.
        case file(String)
    }

    /// A name of its architecture.
    var arch: [Place]
    var heads: [Place]
    var eps: [Place]
    var activation: [Place]
    var imgSize: [Place]

    package init(
        arch: [Place] = [], heads: [Place] = [], eps: [Place] = [], activation: [Place] = [], imgSize: [Place] = []
    ) {
        self.arch = arch
        self.heads = heads
        self.eps = eps
        self.activation = activation
        self.imgSize = imgSize
    }

    /// Where research code and this program write it, whatever the layout.
    static let common = ToldPlaces(
        arch: [.file("arch"), .file("args.arch"), .file("args.model"), .file("model_name")],
        heads: [.file("args.num_heads"), .file("num_heads")], eps: [.file("eps")], activation: [.file("activation")],
        imgSize: [.file("img_size"), .file("args.img_size"), .file("args.input_size")])

    /// These places, then those of `other`.
    func joined(with other: ToldPlaces) -> ToldPlaces {
        ToldPlaces(
            arch: arch + other.arch, heads: heads + other.heads, eps: eps + other.eps,
            activation: activation + other.activation, imgSize: imgSize + other.imgSize)
    }
}
